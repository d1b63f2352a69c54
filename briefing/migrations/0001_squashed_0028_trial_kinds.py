"""All tables of articles, issues, dispatches and what came of them, in one step for a new copy.

One that was there before goes by the steps that this one replaces. What stands here and in them
stands twice until a release takes them away: a migration borrows nothing from another.
"""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from briefing.migrations._at_once import CreateModels


def compact(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On SQLite, keep deliveries in their primary key's own tree: half the bytes of a row with a rowid."""
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, sql FROM sqlite_master "
            "WHERE tbl_name = 'briefing_delivery' AND sql IS NOT NULL ORDER BY type = 'index'"
        )
        statements = cursor.fetchall()
        cursor.execute("DROP TABLE briefing_delivery")
        for kind, sql in statements:
            cursor.execute(f"{sql} WITHOUT ROWID" if kind == "table" else sql)


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ("briefing", "0001_initial"),
        ("briefing", "0002_compact_deliveries"),
        ("briefing", "0003_permissions_of_the_desk"),
        ("briefing", "0004_accounts_and_alerts"),
        ("briefing", "0005_audit_log"),
        ("briefing", "0006_events_folded"),
        ("briefing", "0007_timetable_and_countdown"),
        ("briefing", "0008_former_slugs_and_kept_texts"),
        ("briefing", "0009_digests"),
        ("briefing", "0010_one_key_per_copy"),
        ("briefing", "0011_clicks_counted_for_everybody"),
        ("briefing", "0012_counts_for_reports"),
        ("briefing", "0013_first_wave"),
        ("briefing", "0014_forget_nameless_clicks"),
        ("briefing", "0015_two_subjects"),
        ("briefing", "0016_senders_and_asked_links"),
        ("briefing", "0017_questions_to_providers"),
        ("briefing", "0018_reconciliation"),
        ("briefing", "0019_round_of_the_unknown"),
        ("briefing", "0020_silent_sources"),
        ("briefing", "0021_senders_relay"),
        ("briefing", "0022_events_written_once"),
        ("briefing", "0023_list_unfolded_events"),
        ("briefing", "0024_events_by_delivery"),
        ("briefing", "0025_count_bounces_once"),
        ("briefing", "0026_readers_local_hour"),
        ("briefing", "0027_weekly_draft"),
        ("briefing", "0028_trial_kinds"),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('subscribers', '0001_squashed_0010_welcome_series'),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name='Author',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=120, unique=True, verbose_name='name')),
                    ('slug', models.SlugField(allow_unicode=True, max_length=120, unique=True, verbose_name='slug')),
                    ('bio', models.TextField(blank=True, verbose_name='about')),
                ],
                options={
                    'verbose_name': 'author',
                    'verbose_name_plural': 'authors',
                    'ordering': ('name',),
                },
            ),
            migrations.CreateModel(
                name='Breaker',
                fields=[
                    ('account', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='account')),
                    ('failures', models.PositiveSmallIntegerField(default=0, help_text='Groups that failed one after the other.')),
                    ('recent', models.PositiveIntegerField(default=0)),
                    ('openings', models.PositiveSmallIntegerField(default=0, help_text='How often it opened without a success between.')),
                    ('open_until', models.DateTimeField(null=True, verbose_name='open until')),
                    ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ],
                options={
                    'verbose_name': 'breaker',
                    'verbose_name_plural': 'breakers',
                },
            ),
            migrations.CreateModel(
                name='Fence',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.BigIntegerField(default=0)),
                    ('heartbeat_at', models.DateTimeField(null=True)),
                    ('held', models.CharField(blank=True, default='', max_length=200, verbose_name='all outgoing mail is held because')),
                    ('held_at', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='SenderRecords',
                fields=[
                    ('domain', models.CharField(max_length=253, primary_key=True, serialize=False, verbose_name='domain')),
                    ('envelope_domain', models.CharField(blank=True, help_text='SPF is asked for here. Empty where a provider uses an envelope of its own.', max_length=253, verbose_name='domain of the envelope')),
                    ('relay', models.CharField(blank=True, help_text='The one of ours that SPF does not let through.', max_length=253, verbose_name='mail server left out')),
                    ('exists', models.BooleanField(default=True, verbose_name='exists')),
                    ('spf', models.CharField(blank=True, choices=[('', 'not known yet'), ('sound', 'in order'), ('elsewhere', 'the provider’s own'), ('missing', 'missing'), ('several', 'more than one'), ('open', 'allows everybody'), ('others', 'names others'), ('unaligned', 'proves another domain'), ('revoked', 'withdrawn'), ('broken', 'cannot be read')], max_length=9, verbose_name='SPF')),
                    ('dkim', models.CharField(blank=True, choices=[('', 'not known yet'), ('sound', 'in order'), ('elsewhere', 'the provider’s own'), ('missing', 'missing'), ('several', 'more than one'), ('open', 'allows everybody'), ('others', 'names others'), ('unaligned', 'proves another domain'), ('revoked', 'withdrawn'), ('broken', 'cannot be read')], max_length=9, verbose_name='DKIM')),
                    ('dmarc', models.CharField(blank=True, choices=[('', 'not known yet'), ('sound', 'in order'), ('elsewhere', 'the provider’s own'), ('missing', 'missing'), ('several', 'more than one'), ('open', 'allows everybody'), ('others', 'names others'), ('unaligned', 'proves another domain'), ('revoked', 'withdrawn'), ('broken', 'cannot be read')], max_length=9, verbose_name='DMARC')),
                    ('asked_at', models.DateTimeField(help_text='When somebody or the clock last wanted to know.', null=True, verbose_name='asked at')),
                    ('looked_up_at', models.DateTimeField(null=True, verbose_name='looked up at')),
                    ('silent_at', models.DateTimeField(help_text='When DNS last gave no answer.', null=True, verbose_name='silent at')),
                ],
                options={
                    'verbose_name': 'sender’s records',
                    'verbose_name_plural': 'sender’s records',
                },
            ),
            migrations.CreateModel(
                name='UnknownRound',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('again', models.BooleanField(default=False)),
                    ('dispatch_id', models.BigIntegerField(default=0)),
                    ('subscriber_id', models.BigIntegerField(default=0)),
                    ('lease_until', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                    ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'verbose_name': 'member of staff',
                    'verbose_name_plural': 'staff',
                    'abstract': False,
                },
                managers=[
                    ('objects', django.contrib.auth.models.UserManager()),
                ],
            ),
            migrations.CreateModel(
                name='Alert',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('held', 'outgoing mail is held'), ('paused', 'a dispatch was paused'), ('unknown', 'many deliveries of unknown fate'), ('breaker', 'a provider cannot be used'), ('bounces', 'unusually many bounces'), ('provider', 'a provider knows otherwise')], max_length=10, verbose_name='kind')),
                    ('key', models.CharField(help_text='The same trouble has the same key.', max_length=80)),
                    ('text', models.CharField(max_length=500, verbose_name='text')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('told_at', models.DateTimeField(null=True, verbose_name='told at')),
                    ('seen_at', models.DateTimeField(null=True, verbose_name='seen at')),
                ],
                options={
                    'verbose_name': 'alert',
                    'verbose_name_plural': 'alerts',
                    'ordering': ('-at',),
                    'constraints': [models.UniqueConstraint(condition=models.Q(('seen_at', None)), fields=('key',), name='alert_standing_once')],
                },
            ),
            migrations.CreateModel(
                name='Allowance',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.CharField(max_length=40, verbose_name='account')),
                    ('day', models.DateField(verbose_name='day')),
                    ('used', models.PositiveIntegerField(default=0, verbose_name='used')),
                ],
                options={
                    'verbose_name': 'warm-up day',
                    'verbose_name_plural': 'warm-up days',
                    'constraints': [models.UniqueConstraint(fields=('account', 'day'), name='allowance_unique')],
                },
            ),
            migrations.CreateModel(
                name='Article',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('slug', models.SlugField(max_length=120, unique=True, verbose_name='slug')),
                    ('headline', models.CharField(max_length=200, verbose_name='headline')),
                    ('dek', models.TextField(blank=True, help_text='The paragraph under the headline.', verbose_name='dek')),
                    ('body', models.TextField(blank=True, help_text='Markdown.', verbose_name='body')),
                    ('topic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='articles', to='subscribers.topic', verbose_name='topic')),
                    ('image', models.ImageField(blank=True, max_length=200, upload_to='articles/', verbose_name='image')),
                    ('image_alt', models.CharField(blank=True, help_text='What somebody who cannot see the image should know of it.', max_length=300, verbose_name='image description')),
                    ('image_credit', models.CharField(blank=True, max_length=200, verbose_name='image credit')),
                    ('image_licence', models.CharField(blank=True, max_length=80, verbose_name='image licence')),
                    ('watch_heading', models.CharField(blank=True, help_text='The word after “What we’re watching next in”.', max_length=80, verbose_name='subject watched')),
                    ('status', models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='status')),
                    ('locale', models.CharField(default='en', max_length=10, verbose_name='language')),
                    ('import_sha256', models.CharField(blank=True, editable=False, max_length=64)),
                    ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                    ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ],
                options={
                    'verbose_name': 'article',
                    'verbose_name_plural': 'articles',
                    'permissions': (('publish_article', 'Can publish and withdraw an article'),),
                    'indexes': [models.Index(condition=models.Q(('status', 'published')), fields=['-published_at', '-id'], name='article_published_idx')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('status', 'published'), _negated=True), ('published_at__isnull', False), _connector='OR'), name='article_published_has_date')],
                },
            ),
            migrations.CreateModel(
                name='ArticleAuthor',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bylines', to='briefing.article')),
                    ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bylines', to='briefing.author', verbose_name='author')),
                    ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ],
                options={
                    'verbose_name': 'byline',
                    'verbose_name_plural': 'bylines',
                    'ordering': ('position', 'pk'),
                    'constraints': [models.UniqueConstraint(fields=('article', 'author'), name='byline_unique')],
                },
            ),
            migrations.CreateModel(
                name='Bucket',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.CharField(max_length=40, verbose_name='account')),
                    ('lane', models.CharField(blank=True, max_length=80, verbose_name='lane')),
                    ('free_at', models.DateTimeField(verbose_name='free at')),
                    ('slowdown', models.FloatField(default=1.0, help_text='The rate is divided by this after deferrals.', verbose_name='slowdown')),
                ],
                options={
                    'verbose_name': 'rate limit',
                    'verbose_name_plural': 'rate limits',
                    'constraints': [models.UniqueConstraint(fields=('account', 'lane'), name='bucket_unique')],
                },
            ),
            migrations.CreateModel(
                name='ClickMonth',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('newsletter_id', models.BigIntegerField()),
                    ('month', models.DateField(verbose_name='month')),
                    ('subscriber_id', models.BigIntegerField()),
                ],
                options={
                    'verbose_name': 'reader who clicked in a month',
                    'verbose_name_plural': 'readers who clicked in a month',
                    'constraints': [models.UniqueConstraint(fields=('newsletter_id', 'month', 'subscriber_id'), name='click_month_once')],
                },
            ),
            migrations.CreateModel(
                name='Correction',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='briefing.article')),
                    ('text', models.TextField(verbose_name='text')),
                    ('at', models.DateTimeField(verbose_name='at')),
                ],
                options={
                    'verbose_name': 'correction',
                    'verbose_name_plural': 'corrections',
                    'ordering': ('-at',),
                },
            ),
            migrations.CreateModel(
                name='Event',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('provider', models.CharField(max_length=40, verbose_name='reported by')),
                    ('digest', models.BigIntegerField()),
                    ('kind', models.CharField(choices=[('delivered', 'delivered'), ('deferred', 'deferred by the receiving server'), ('soft', 'bounced, soft'), ('hard', 'bounced, hard'), ('blocked', 'refused because of us'), ('rejected', 'rejected by the provider'), ('complained', 'complained'), ('unsubscribed', 'unsubscribed at the provider'), ('opened', 'opened'), ('clicked', 'clicked'), ('other', 'something else')], max_length=20, verbose_name='kind')),
                    ('dispatch_id', models.BigIntegerField(null=True)),
                    ('subscriber_id', models.BigIntegerField(null=True)),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('code', models.CharField(blank=True, default='', max_length=120, verbose_name='answer')),
                    ('link', models.PositiveSmallIntegerField(null=True, verbose_name='link')),
                    ('by_person', models.BooleanField(null=True, verbose_name='by a person')),
                    ('payload', models.JSONField(default=dict, help_text='As received, without addresses.')),
                    ('received_at', models.DateTimeField(verbose_name='received at')),
                ],
                options={
                    'verbose_name': 'event',
                    'verbose_name_plural': 'events',
                    'indexes': [models.Index(condition=models.Q(('kind', 'clicked'), ('subscriber_id', None)), fields=['received_at'], name='event_nameless_idx')],
                    'constraints': [models.UniqueConstraint(fields=('dispatch_id', 'subscriber_id', 'digest'), name='event_once'), models.UniqueConstraint(condition=models.Q(('dispatch_id', None), ('subscriber_id', None), _connector='OR'), fields=('digest',), name='event_once_of_nobody')],
                },
            ),
            migrations.CreateModel(
                name='FormerSlug',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('slug', models.SlugField(max_length=120, unique=True, verbose_name='former slug')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_slugs', to='briefing.article', verbose_name='article')),
                ],
                options={
                    'verbose_name': 'former slug',
                    'verbose_name_plural': 'former slugs',
                },
            ),
            migrations.CreateModel(
                name='HistoricalArticle',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('slug', models.SlugField(max_length=120, verbose_name='slug')),
                    ('headline', models.CharField(max_length=200, verbose_name='headline')),
                    ('dek', models.TextField(blank=True, help_text='The paragraph under the headline.', verbose_name='dek')),
                    ('body', models.TextField(blank=True, help_text='Markdown.', verbose_name='body')),
                    ('image', models.TextField(blank=True, max_length=200, verbose_name='image')),
                    ('image_alt', models.CharField(blank=True, help_text='What somebody who cannot see the image should know of it.', max_length=300, verbose_name='image description')),
                    ('image_credit', models.CharField(blank=True, max_length=200, verbose_name='image credit')),
                    ('image_licence', models.CharField(blank=True, max_length=80, verbose_name='image licence')),
                    ('watch_heading', models.CharField(blank=True, help_text='The word after “What we’re watching next in”.', max_length=80, verbose_name='subject watched')),
                    ('status', models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='status')),
                    ('locale', models.CharField(default='en', max_length=10, verbose_name='language')),
                    ('import_sha256', models.CharField(blank=True, editable=False, max_length=64)),
                    ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                    ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                    ('topic', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscribers.topic', verbose_name='topic')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical article',
                    'verbose_name_plural': 'historical articles',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalIssue',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('issue', 'issue'), ('digest', 'weekly digest')], default='issue', max_length=6, verbose_name='kind')),
                    ('number', models.PositiveIntegerField(verbose_name='number')),
                    ('subject', models.CharField(max_length=200, verbose_name='subject')),
                    ('second_subject', models.CharField(blank=True, default='', help_text='Where one is given, both can be tried on a part of the readers. The others get the one on whose links more people clicked.', max_length=200, verbose_name='second subject')),
                    ('preheader', models.CharField(blank=True, help_text='What most mailboxes show after the subject.', max_length=200, verbose_name='preheader')),
                    ('intro', models.TextField(blank=True, help_text='Markdown. {{ name|there }} becomes the reader’s name, or “there”.', verbose_name='introduction')),
                    ('counts_clicks', models.BooleanField(default=False, help_text='Every reader’s links lead through a counter that does not learn whose they are. Without this only clicks of readers who granted tracking are counted.', verbose_name='counts clicks')),
                    ('status', models.CharField(choices=[('draft', 'draft'), ('dispatching', 'being dispatched'), ('published', 'published')], default='draft', max_length=12, verbose_name='status')),
                    ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                    ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                    ('send_at', models.DateTimeField(blank=True, null=True, verbose_name='goes out at')),
                    ('zone', models.CharField(blank=True, default='', max_length=60, verbose_name='time zone')),
                    ('scheduled_by', models.CharField(blank=True, default='', max_length=150, verbose_name='scheduled by')),
                    ('first_wave', models.CharField(blank=True, choices=[('', 'everybody at once'), ('canary', 'a canary first'), ('subjects', 'two subjects on trial'), ('local', 'each at this hour of their own')], default='', max_length=8, verbose_name='who gets it first')),
                    ('first_wave_minutes', models.PositiveSmallIntegerField(blank=True, default=0, verbose_name='minutes until the others')),
                    ('newsletter', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='subscribers.newsletter', verbose_name='newsletter')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical issue',
                    'verbose_name_plural': 'historical issues',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Issue',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('newsletter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='issues', to='subscribers.newsletter', verbose_name='newsletter')),
                    ('kind', models.CharField(choices=[('issue', 'issue'), ('digest', 'weekly digest')], default='issue', max_length=6, verbose_name='kind')),
                    ('number', models.PositiveIntegerField(verbose_name='number')),
                    ('subject', models.CharField(max_length=200, verbose_name='subject')),
                    ('second_subject', models.CharField(blank=True, default='', help_text='Where one is given, both can be tried on a part of the readers. The others get the one on whose links more people clicked.', max_length=200, verbose_name='second subject')),
                    ('preheader', models.CharField(blank=True, help_text='What most mailboxes show after the subject.', max_length=200, verbose_name='preheader')),
                    ('intro', models.TextField(blank=True, help_text='Markdown. {{ name|there }} becomes the reader’s name, or “there”.', verbose_name='introduction')),
                    ('counts_clicks', models.BooleanField(default=False, help_text='Every reader’s links lead through a counter that does not learn whose they are. Without this only clicks of readers who granted tracking are counted.', verbose_name='counts clicks')),
                    ('status', models.CharField(choices=[('draft', 'draft'), ('dispatching', 'being dispatched'), ('published', 'published')], default='draft', max_length=12, verbose_name='status')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                    ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                    ('send_at', models.DateTimeField(blank=True, null=True, verbose_name='goes out at')),
                    ('zone', models.CharField(blank=True, default='', max_length=60, verbose_name='time zone')),
                    ('scheduled_by', models.CharField(blank=True, default='', max_length=150, verbose_name='scheduled by')),
                    ('first_wave', models.CharField(blank=True, choices=[('', 'everybody at once'), ('canary', 'a canary first'), ('subjects', 'two subjects on trial'), ('local', 'each at this hour of their own')], default='', max_length=8, verbose_name='who gets it first')),
                    ('first_wave_minutes', models.PositiveSmallIntegerField(blank=True, default=0, verbose_name='minutes until the others')),
                ],
                options={
                    'verbose_name': 'issue',
                    'verbose_name_plural': 'issues',
                    'ordering': ('newsletter', '-number'),
                    'permissions': (('dispatch_issue', 'Can dispatch an issue'),),
                    'indexes': [models.Index(condition=models.Q(('send_at__isnull', False), ('status', 'draft')), fields=['send_at'], name='issue_scheduled_idx')],
                    'constraints': [models.UniqueConstraint(fields=('newsletter', 'number'), name='issue_number_unique')],
                },
            ),
            migrations.CreateModel(
                name='Edition',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('issue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='briefing.issue', verbose_name='issue')),
                    ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                    ('compiled_at', models.DateTimeField(verbose_name='compiled at')),
                ],
                options={
                    'verbose_name': 'edition',
                    'verbose_name_plural': 'editions',
                },
            ),
            migrations.CreateModel(
                name='Dispatch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('issue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='briefing.issue')),
                    ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='briefing.edition')),
                    ('kind', models.CharField(choices=[('main', 'the issue'), ('missed', 'to those it missed'), ('correction', 'correction to those who received it')], default='main', max_length=10, verbose_name='kind')),
                    ('state', models.CharField(choices=[('planned', 'planned'), ('holding', 'holding'), ('canary', 'canary'), ('running', 'running'), ('paused', 'paused'), ('cancelled', 'cancelled'), ('finished', 'finished')], default='planned', max_length=10, verbose_name='state')),
                    ('reason', models.CharField(blank=True, max_length=200, verbose_name='why it stands so')),
                    ('ceiling', models.BigIntegerField(help_text='Highest reader id when it began; later readers get the next issue.', verbose_name='ceiling')),
                    ('created_at', models.DateTimeField(verbose_name='created at')),
                    ('begins_at', models.DateTimeField(help_text='The end of the countdown in which it can be undone.', null=True, verbose_name='begins at')),
                    ('started_at', models.DateTimeField(null=True, verbose_name='started at')),
                    ('planned_at', models.DateTimeField(null=True, verbose_name='planned at')),
                    ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ],
                options={
                    'verbose_name': 'dispatch',
                    'verbose_name_plural': 'dispatches',
                    'permissions': (('steer_dispatch', 'Can pause, resume and cancel a dispatch'),),
                    'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'main')), fields=('issue',), name='dispatch_one_main_per_issue'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'finished'), _negated=True), ('planned_at__isnull', False), _connector='OR'), name='dispatch_finished_is_planned')],
                },
            ),
            migrations.CreateModel(
                name='Burst',
                fields=[
                    ('dispatch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='burst', serialize=False, to='briefing.dispatch')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('decision', models.CharField(choices=[('open', 'not decided yet'), ('suppress', 'the addresses are bad: suppress them'), ('spare', 'the fault was ours or the provider’s: spare them')], default='open', max_length=10, verbose_name='decision')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                    ('decided_by', models.CharField(blank=True, max_length=150, verbose_name='decided by')),
                ],
                options={
                    'verbose_name': 'burst of bounces',
                    'verbose_name_plural': 'bursts of bounces',
                },
            ),
            migrations.CreateModel(
                name='DispatchCount',
                fields=[
                    ('dispatch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='count', serialize=False, to='briefing.dispatch')),
                    ('watermark', models.BigIntegerField(default=0, help_text='Highest reader id planned so far.')),
                    ('candidates', models.PositiveIntegerField(default=0, verbose_name='candidates')),
                    ('planned', models.PositiveIntegerField(default=0, verbose_name='planned')),
                    ('again', models.PositiveIntegerField(default=0, help_text='Of the planned, those whom an earlier dispatch of the issue had planned too.', verbose_name='planned again')),
                    ('excluded', models.JSONField(default=dict, verbose_name='excluded by reason')),
                    ('lanes', models.JSONField(default=list, help_text='Domains whose batches run apart from the others’.')),
                    ('adjusted', models.JSONField(default=dict)),
                ],
            ),
            migrations.CreateModel(
                name='Trial',
                fields=[
                    ('dispatch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='trial', serialize=False, to='briefing.dispatch')),
                    ('kind', models.CharField(choices=[('canary', 'a canary first'), ('subjects', 'two subjects on trial')], max_length=8, verbose_name='kind')),
                    ('share', models.FloatField(help_text='Of the readers, between 0 and 1; chosen by hash, not by age.', verbose_name='share')),
                    ('minutes', models.PositiveSmallIntegerField(help_text='How long the rest waits once the first readers have theirs.', verbose_name='minutes')),
                    ('state', models.CharField(choices=[('going', 'the first readers are being written to'), ('waiting', 'waiting for what the first readers’ servers report'), ('passed', 'passed'), ('halted', 'halted'), ('overruled', 'let go by a person')], default='going', max_length=9, verbose_name='state')),
                    ('decide_at', models.DateTimeField(null=True, verbose_name='decided not before')),
                    ('winner', models.CharField(blank=True, help_text='Of two subjects: a or b.', max_length=1, verbose_name='winner')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                    ('decided_by', models.CharField(blank=True, help_text='Empty when it decided by itself.', max_length=150, verbose_name='decided by')),
                    ('figures', models.JSONField(default=dict, help_text='What was known when it was decided.', verbose_name='figures')),
                ],
                options={
                    'verbose_name': 'trial',
                    'verbose_name_plural': 'trials',
                    'constraints': [models.CheckConstraint(condition=models.Q(('share__gt', 0), ('share__lte', 0.5)), name='trial_share_is_a_part')],
                },
            ),
            migrations.CreateModel(
                name='Delivery',
                fields=[
                    ('pk', models.CompositePrimaryKey('dispatch_id', 'subscriber_id', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('dispatch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='briefing.dispatch')),
                    ('subscriber_id', models.BigIntegerField()),
                    ('address', models.BigIntegerField(help_text='Stands for one dispatch to one address: one copy, whoever holds the address.', null=True)),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('outcome', models.SmallIntegerField(choices=[(1, 'accepted'), (2, 'deferred'), (3, 'rejected'), (4, 'skipped'), (5, 'unknown'), (6, 'quarantined'), (7, 'cancelled')], verbose_name='outcome')),
                    ('fate', models.SmallIntegerField(default=0, help_text='Everything heard of it: one bit for each kind.', verbose_name='fate')),
                    ('attempts', models.SmallIntegerField(default=1, verbose_name='attempts')),
                    ('code', models.CharField(max_length=120, null=True, verbose_name='answer')),
                    ('next_at', models.DateTimeField(null=True, verbose_name='next attempt at')),
                    ('fence', models.BigIntegerField(null=True)),
                    ('reference', models.CharField(max_length=120, null=True, verbose_name='provider’s reference')),
                ],
                options={
                    'verbose_name': 'delivery',
                    'verbose_name_plural': 'deliveries',
                    'permissions': (('resolve_delivery', 'Can decide what became of a delivery'),),
                    'indexes': [models.Index(condition=models.Q(('outcome', 2)), fields=['next_at'], name='delivery_deferred_idx'), models.Index(condition=models.Q(('outcome', 5)), fields=['dispatch', 'subscriber_id'], name='delivery_unknown_idx')],
                    'constraints': [models.UniqueConstraint(fields=('address',), name='delivery_once')],
                },
            ),
            migrations.CreateModel(
                name='EditionVariant',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='variants', to='briefing.edition')),
                    ('key', models.CharField(help_text='locale=en;format=html;tracked=0 and so on, in that order.', max_length=120)),
                    ('locale', models.CharField(max_length=10, verbose_name='language')),
                    ('subject', models.JSONField()),
                    ('html', models.JSONField(null=True)),
                    ('text', models.JSONField()),
                    ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ],
                options={
                    'verbose_name': 'edition variant',
                    'verbose_name_plural': 'edition variants',
                    'constraints': [models.UniqueConstraint(fields=('edition', 'key'), name='edition_variant_unique')],
                },
            ),
            migrations.CreateModel(
                name='Batch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dispatch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='briefing.dispatch')),
                    ('variant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='briefing.editionvariant')),
                    ('account', models.CharField(default='bulk', max_length=40)),
                    ('lane', models.CharField(default='', max_length=80)),
                    ('wave', models.PositiveSmallIntegerField(default=0)),
                    ('not_before', models.DateTimeField(help_text='Empty while a trial has not decided when its time comes.', null=True)),
                    ('readers', models.BinaryField()),
                    ('size', models.PositiveSmallIntegerField()),
                    ('state', models.CharField(choices=[('pending', 'pending'), ('claimed', 'claimed'), ('done', 'done')], default='pending', max_length=8)),
                    ('fence', models.BigIntegerField(default=0)),
                    ('lease_until', models.DateTimeField(null=True)),
                    ('claims', models.PositiveSmallIntegerField(default=0)),
                    ('deaths', models.PositiveSmallIntegerField(default=0)),
                    ('suspect', models.PositiveSmallIntegerField(null=True)),
                    ('suspect_deaths', models.PositiveSmallIntegerField(default=0)),
                    ('intent_upto', models.PositiveSmallIntegerField(default=0)),
                    ('done_upto', models.PositiveSmallIntegerField(default=0)),
                    ('counted_at', models.DateTimeField(null=True)),
                    ('accepted', models.PositiveSmallIntegerField(default=0)),
                    ('deferred', models.PositiveSmallIntegerField(default=0)),
                    ('rejected', models.PositiveSmallIntegerField(default=0)),
                    ('skipped', models.PositiveSmallIntegerField(default=0)),
                    ('unknown', models.PositiveSmallIntegerField(default=0)),
                    ('quarantined', models.PositiveSmallIntegerField(default=0)),
                    ('cancelled', models.PositiveSmallIntegerField(default=0)),
                ],
                options={
                    'verbose_name': 'batch',
                    'verbose_name_plural': 'batches',
                    'indexes': [models.Index(condition=models.Q(('state', 'done'), _negated=True), fields=['dispatch', 'not_before', 'id'], name='batch_open_idx'), models.Index(fields=['dispatch', 'id'], name='batch_dispatch_idx')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('done_upto__lte', models.F('intent_upto')), ('intent_upto__lte', models.F('size'))), name='batch_done_intent_size')],
                },
            ),
            migrations.CreateModel(
                name='EventCount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dispatch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='event_counts', to='briefing.dispatch')),
                    ('domain', models.CharField(blank=True, max_length=100, verbose_name='recipient domain')),
                    ('kind', models.SmallIntegerField(verbose_name='kind')),
                    ('link', models.SmallIntegerField(default=-1, verbose_name='link')),
                    ('number', models.IntegerField(verbose_name='number')),
                ],
                options={
                    'verbose_name': 'count of events',
                    'verbose_name_plural': 'counts of events',
                    'constraints': [models.UniqueConstraint(fields=('dispatch', 'kind', 'domain', 'link'), name='event_count_once')],
                },
            ),
            migrations.CreateModel(
                name='HourCount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dispatch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hour_counts', to='briefing.dispatch')),
                    ('kind', models.SmallIntegerField(verbose_name='kind')),
                    ('hour', models.SmallIntegerField(verbose_name='hour')),
                    ('number', models.IntegerField(verbose_name='number')),
                ],
                options={
                    'verbose_name': 'count of an hour',
                    'verbose_name_plural': 'counts of hours',
                    'constraints': [models.UniqueConstraint(fields=('dispatch', 'kind', 'hour'), name='hour_count_once')],
                },
            ),
            migrations.CreateModel(
                name='IssueItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('issue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='briefing.issue')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='issue_items', to='briefing.article', verbose_name='article')),
                    ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ],
                options={
                    'verbose_name': 'article of the issue',
                    'verbose_name_plural': 'articles of the issue',
                    'ordering': ('position', 'pk'),
                    'constraints': [models.UniqueConstraint(fields=('issue', 'article'), name='issue_item_unique')],
                },
            ),
            migrations.CreateModel(
                name='KeptText',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='kept_texts', to=settings.AUTH_USER_MODEL)),
                    ('article', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='kept_texts', to='briefing.article')),
                    ('headline', models.CharField(blank=True, max_length=200)),
                    ('dek', models.TextField(blank=True)),
                    ('body', models.TextField(blank=True)),
                    ('based_on', models.DateTimeField(null=True)),
                    ('at', models.DateTimeField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('person', 'article'), name='kept_text_unique'), models.UniqueConstraint(condition=models.Q(('article__isnull', True)), fields=('person',), name='kept_text_of_a_new_article_unique')],
                },
            ),
            migrations.CreateModel(
                name='LateCount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dispatch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='late_counts', to='briefing.dispatch')),
                    ('lane', models.CharField(blank=True, default='', max_length=80)),
                    ('hour', models.SmallIntegerField(verbose_name='hour')),
                    ('number', models.IntegerField(verbose_name='number')),
                ],
                options={
                    'verbose_name': 'count of late answers',
                    'verbose_name_plural': 'counts of late answers',
                    'constraints': [models.UniqueConstraint(fields=('dispatch', 'lane', 'hour'), name='late_count_once')],
                },
            ),
            migrations.CreateModel(
                name='Link',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='briefing.edition')),
                    ('position', models.PositiveSmallIntegerField()),
                    ('url', models.URLField(max_length=1000, verbose_name='address')),
                    ('arm', models.CharField(default='a', help_text='Of which subject on trial the variants are that this stands in: a or b.', max_length=1)),
                ],
                options={
                    'verbose_name': 'link',
                    'verbose_name_plural': 'links',
                    'ordering': ('position',),
                    'constraints': [models.UniqueConstraint(fields=('edition', 'position'), name='edition_link_unique')],
                },
            ),
            migrations.CreateModel(
                name='Question',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dispatch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='briefing.dispatch')),
                    ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='briefing.editionvariant')),
                    ('key', models.UUIDField(unique=True)),
                    ('way', models.CharField(max_length=32)),
                    ('readers', models.BinaryField()),
                    ('asked', models.SmallIntegerField(default=0)),
                    ('next_at', models.DateTimeField(verbose_name='asked again at')),
                    ('until', models.DateTimeField(help_text='Later the provider may have forgotten the key.')),
                ],
                options={
                    'verbose_name': 'question to a provider',
                    'verbose_name_plural': 'questions to providers',
                },
            ),
            migrations.CreateModel(
                name='Reconciliation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('provider', models.CharField(max_length=40, verbose_name='provider')),
                    ('state', models.CharField(choices=[('gathering', 'reading its suppression list'), ('asking', 'asking about deliveries'), ('done', 'done'), ('failed', 'given up')], default='gathering', max_length=10, verbose_name='state')),
                    ('began_at', models.DateTimeField(verbose_name='began at')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                    ('lease_until', models.DateTimeField(null=True)),
                    ('list_name', models.CharField(blank=True, default='', max_length=300)),
                    ('cursor', models.TextField(blank=True, default='')),
                    ('asked_upto', models.JSONField(default=dict)),
                    ('listed', models.PositiveIntegerField(default=0, verbose_name='entries read')),
                    ('strangers', models.PositiveIntegerField(default=0, help_text='Nothing of them is kept.', verbose_name='of nobody we know')),
                    ('asked', models.PositiveIntegerField(default=0, verbose_name='deliveries asked about')),
                    ('held_back', models.PositiveIntegerField(default=0, help_text='Unusually many: a wrong account’s list would look like this.', verbose_name='suppressions that wait for a person')),
                    ('trouble', models.CharField(blank=True, default='', max_length=300, verbose_name='trouble')),
                ],
                options={
                    'verbose_name': 'reconciliation',
                    'verbose_name_plural': 'reconciliations',
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['gathering', 'asking'])), fields=('provider',), name='reconciliation_one_at_a_time')],
                },
            ),
            migrations.CreateModel(
                name='ListedReader',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('reconciliation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='listed_readers', to='briefing.reconciliation')),
                    ('subscriber_id', models.BigIntegerField()),
                    ('why', models.CharField(max_length=12)),
                    ('at', models.DateTimeField(null=True)),
                    ('said', models.CharField(blank=True, default='', max_length=120)),
                ],
                options={
                    'verbose_name': 'listed reader',
                    'verbose_name_plural': 'listed readers',
                    'constraints': [models.UniqueConstraint(fields=('reconciliation', 'subscriber_id', 'why'), name='listed_reader_once')],
                },
            ),
            migrations.CreateModel(
                name='Repair',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('provider', models.CharField(max_length=40, verbose_name='provider')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('kind', models.CharField(choices=[('suppressed', 'suppressed there, now here as well'), ('unsubscribed', 'unsubscribed there, now here as well'), ('state', 'a report that had not come was fetched'), ('resolved', 'an unknown delivery was settled'), ('let_go', 'suppressed there, but let go here since: release it there'), ('ours', 'suppressed there because of us: release it there'), ('not_there', 'suppressed here, not there any more'), ('silent', 'accepted, and nothing heard since'), ('unseen', 'the provider has no such message')], max_length=12, verbose_name='what')),
                    ('subscriber_id', models.BigIntegerField(verbose_name='reader')),
                    ('dispatch_id', models.BigIntegerField(default=0, help_text='0: of no issue.', verbose_name='dispatch')),
                    ('words', models.CharField(blank=True, default='', max_length=160, verbose_name='what was said')),
                ],
                options={
                    'verbose_name': 'repair',
                    'verbose_name_plural': 'repairs',
                    'indexes': [models.Index(fields=['-at', '-id'], name='repair_newest_idx')],
                    'constraints': [models.UniqueConstraint(fields=('provider', 'kind', 'subscriber_id', 'dispatch_id'), name='repair_once')],
                },
            ),
            migrations.CreateModel(
                name='Source',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='briefing.article')),
                    ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                    ('publisher', models.CharField(blank=True, max_length=160, verbose_name='publisher')),
                    ('title', models.CharField(max_length=300, verbose_name='title')),
                    ('url', models.URLField(blank=True, max_length=600, verbose_name='address')),
                    ('accessed_on', models.DateField(blank=True, null=True, verbose_name='accessed on')),
                    ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='last checked at')),
                    ('check_result', models.CharField(blank=True, max_length=80, verbose_name='last check')),
                    ('silent_since', models.DateTimeField(blank=True, help_text='The first look without an answer.', null=True, verbose_name='silent since')),
                    ('check_asked_at', models.DateTimeField(blank=True, help_text='When somebody wanted it checked.', null=True, verbose_name='asked for at')),
                ],
                options={
                    'verbose_name': 'source',
                    'verbose_name_plural': 'sources',
                    'ordering': ('position', 'pk'),
                },
            ),
            migrations.CreateModel(
                name='Unfolded',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('due_at', models.DateTimeField()),
                    ('events', models.TextField()),
                    ('size', models.IntegerField()),
                ],
                options={
                    'indexes': [models.Index(fields=['due_at', 'id'], name='unfolded_due_idx')],
                },
            ),
            migrations.CreateModel(
                name='WatchItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watch_items', to='briefing.article')),
                    ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                    ('text', models.TextField(verbose_name='text')),
                    ('due_on', models.DateField(blank=True, null=True, verbose_name='expected by')),
                    ('outcome', models.CharField(choices=[('open', 'being watched'), ('happened', 'it happened'), ('did_not', 'it did not happen'), ('changed', 'it turned out differently')], default='open', max_length=10, verbose_name='outcome')),
                    ('outcome_note', models.CharField(blank=True, max_length=300, verbose_name='what happened')),
                    ('followed_up_in', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='follow_ups', to='briefing.article', verbose_name='followed up in')),
                ],
                options={
                    'verbose_name': 'watch item',
                    'verbose_name_plural': 'watch items',
                    'ordering': ('position', 'pk'),
                },
            ),
            migrations.CreateModel(
                name='WeeklyDraft',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('newsletter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscribers.newsletter', verbose_name='newsletter')),
                    ('week', models.PositiveIntegerField(help_text='ISO year and week, 202648.', verbose_name='week')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('issue', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='weekly_draft', to='briefing.issue', verbose_name='issue')),
                ],
                options={
                    'verbose_name': 'weekly draft',
                    'verbose_name_plural': 'weekly drafts',
                    'default_permissions': (),
                    'constraints': [models.UniqueConstraint(fields=('newsletter', 'week'), name='weekly_draft_unique')],
                },
            ),
            migrations.CreateModel(
                name='AuditEntry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(verbose_name='at')),
                    ('actor', models.ForeignKey(help_text='Nobody, when somebody unknown tried.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                    ('act', models.CharField(help_text='noun.verb, such as issue.dispatch', max_length=40, verbose_name='act')),
                    ('subject', models.CharField(blank=True, max_length=60, verbose_name='kind')),
                    ('subject_id', models.CharField(blank=True, max_length=40, verbose_name='number')),
                    ('detail', models.JSONField(default=dict, verbose_name='detail')),
                    ('ip', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ],
                options={
                    'verbose_name': 'audit entry',
                    'verbose_name_plural': 'audit log',
                    'indexes': [models.Index(fields=['subject', 'subject_id', 'id'], name='audit_subject_idx'), models.Index(fields=['actor', 'id'], name='audit_actor_idx')],
                },
            ),
        ),
        migrations.AddField(
            model_name='Article',
            name='authors',
            field=models.ManyToManyField(related_name='articles', through='briefing.ArticleAuthor', to='briefing.author', verbose_name='authors'),
        ),
        migrations.AddField(
            model_name='Issue',
            name='articles',
            field=models.ManyToManyField(related_name='issues', through='briefing.IssueItem', to='briefing.article', verbose_name='articles'),
        ),
        migrations.RunPython(compact, migrations.RunPython.noop),
    ]
