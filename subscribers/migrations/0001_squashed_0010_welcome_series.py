"""All tables of readers, their consent and the mails owed to them, in one step for a new copy.

One that was there before goes by the steps that this one replaces.
"""

import datetime
import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ("subscribers", "0001_initial"),
        ("subscribers", "0002_permissions_of_the_desk"),
        ("subscribers", "0003_bounced_signups"),
        ("subscribers", "0004_tallies"),
        ("subscribers", "0005_tally_what_is_there"),
        ("subscribers", "0006_proof_of_work"),
        ("subscribers", "0007_retention_runs"),
        ("subscribers", "0008_find_changes_of_address"),
        ("subscribers", "0009_weekly_draft"),
        ("subscribers", "0010_welcome_series"),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('signup', 'wording at signup'), ('privacy', 'privacy policy'), ('tracking', 'wording for tracking')], max_length=10, verbose_name='kind')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('locale', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('text', models.TextField(help_text='Markdown.', verbose_name='text')),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('published_at', models.DateTimeField(verbose_name='published at')),
            ],
            options={
                'verbose_name': 'consent notice',
                'verbose_name_plural': 'consent notices',
                'ordering': ('kind', '-version', 'locale'),
                'constraints': [models.UniqueConstraint(fields=('kind', 'version', 'locale'), name='consent_notice_unique')],
            },
        ),
        migrations.CreateModel(
            name='ConsentRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.UUIDField(verbose_name='person')),
                ('newsletter_id', models.BigIntegerField(null=True, verbose_name='newsletter')),
                ('act', models.CharField(choices=[('requested', 'requested'), ('confirmed', 'confirmed'), ('withdrawn', 'withdrawn'), ('tracking+', 'tracking granted'), ('tracking-', 'tracking withdrawn'), ('imported', 'imported'), ('erased', 'erased')], max_length=10, verbose_name='act')),
                ('notice', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='records', to='subscribers.consentnotice', verbose_name='wording shown')),
                ('page', models.CharField(blank=True, max_length=300, verbose_name='page')),
                ('form', models.CharField(blank=True, max_length=40, verbose_name='form')),
                ('locale', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('basis', models.CharField(blank=True, help_text='What an import gave as its ground.', max_length=300, verbose_name='basis')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('context_mac', models.BinaryField(help_text='Salted HMAC of the context; proves it while it is kept.', max_length=32)),
                ('sha256', models.BinaryField(max_length=32)),
            ],
            options={
                'verbose_name': 'consent record',
                'verbose_name_plural': 'consent records',
                'indexes': [models.Index(fields=['person', 'id'], name='consent_person_idx')],
            },
        ),
        migrations.CreateModel(
            name='ConsentSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('root', models.BinaryField(max_length=32)),
                ('previous', models.BinaryField(max_length=32)),
                ('sha256', models.BinaryField(max_length=32)),
                ('records', models.PositiveIntegerField(verbose_name='records')),
                ('sealed_at', models.DateTimeField(verbose_name='sealed at')),
            ],
            options={
                'verbose_name': 'seal',
                'verbose_name_plural': 'seals',
                'constraints': [models.UniqueConstraint(fields=('previous',), name='consent_seal_chain')],
            },
        ),
        migrations.CreateModel(
            name='Newsletter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='slug')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('tagline', models.CharField(max_length=300, verbose_name='tagline')),
                ('promise', models.CharField(max_length=300, verbose_name='promise')),
                ('cadence', models.CharField(choices=[('daily', 'every day'), ('weekly', 'once a week'), ('monthly', 'once a month')], default='weekly', max_length=10, verbose_name='cadence')),
                ('from_name', models.CharField(max_length=120, verbose_name='from name')),
                ('from_address', models.EmailField(max_length=254, verbose_name='from address')),
                ('reply_to', models.EmailField(blank=True, max_length=254, verbose_name='reply-to address')),
                ('postal_address', models.CharField(help_text='Stands at the foot of every issue; the law of most countries asks for it.', max_length=300, verbose_name='postal address')),
                ('time_zone', models.CharField(default='UTC', max_length=60, verbose_name='time zone')),
                ('locale', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('open_to_signup', models.BooleanField(default=True, help_text='A closed newsletter keeps its readers but takes no new ones.', verbose_name='open to signup')),
                ('draft_day', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], help_text='A draft of the week’s articles that no issue has carried yet. Somebody checks and sends it. Not while another draft stands.', null=True, verbose_name='composed by itself on')),
                ('draft_at', models.TimeField(default=datetime.time(7, 0), help_text='In its time zone.', verbose_name='at')),
                ('draft_since', models.DateTimeField(editable=False, null=True, verbose_name='since')),
                ('series_on', models.BooleanField(default=False, editable=False, verbose_name='welcome series')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
            ],
            options={
                'verbose_name': 'newsletter',
                'verbose_name_plural': 'newsletters',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=40, verbose_name='rule')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('deleted', models.PositiveBigIntegerField(help_text='Or emptied, where the rule says so.', verbose_name='rows deleted')),
            ],
            options={
                'verbose_name': 'retention run',
                'verbose_name_plural': 'retention runs',
                'indexes': [models.Index(fields=['rule', 'id'], name='retention_rule_idx'), models.Index(fields=['at'], name='retention_at_idx')],
            },
        ),
        migrations.CreateModel(
            name='SeriesStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='series_steps', to='subscribers.newsletter')),
                ('day', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)], verbose_name='days after confirming')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('preheader', models.CharField(blank=True, max_length=200, verbose_name='preheader')),
                ('text', models.TextField(verbose_name='text')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='taken out at')),
                ('accepted', models.PositiveIntegerField(default=0, verbose_name='accepted')),
                ('rejected', models.PositiveIntegerField(default=0, verbose_name='rejected')),
                ('unknown', models.PositiveIntegerField(default=0, verbose_name='unknown')),
                ('left', models.PositiveIntegerField(default=0, help_text='Unsubscribed before the next one came, within 30 days.', verbose_name='left after it')),
            ],
            options={
                'verbose_name': 'mail of a welcome series',
                'verbose_name_plural': 'mails of a welcome series',
                'ordering': ('newsletter', 'day'),
                'indexes': [models.Index(fields=['newsletter'], name='series_step_newsletter_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('newsletter', 'day'), name='series_day_unique')],
            },
        ),
        migrations.CreateModel(
            name='SignupRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('address', models.CharField(max_length=320, verbose_name='address')),
                ('address_key', models.CharField(max_length=320)),
                ('address_hash', models.BinaryField(max_length=16)),
                ('newsletter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='subscribers.newsletter')),
                ('topics', models.JSONField(default=list, help_text='Slugs of the topics chosen.', verbose_name='topics')),
                ('locale', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('notice', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='subscribers.consentnotice')),
                ('page', models.CharField(blank=True, max_length=300, verbose_name='page')),
                ('form', models.CharField(max_length=40, verbose_name='form')),
                ('source', models.JSONField(default=dict, help_text='Referrer and utm values.', verbose_name='source')),
                ('ip', models.CharField(blank=True, max_length=45, verbose_name='shortened IP address')),
                ('user_agent', models.CharField(blank=True, max_length=300, verbose_name='user agent')),
                ('state', models.CharField(choices=[('received', 'received'), ('mailed', 'confirmation mail owed or out'), ('confirmed', 'confirmed'), ('bounced', 'the confirmation bounced'), ('dropped', 'nothing to do'), ('disowned', '“this was not me”')], default='received', max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=40, verbose_name='why')),
                ('proven', models.BooleanField(default=False, help_text='Its sender’s computer worked for it, so its mail did not wait with the others.', verbose_name='proof of work')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
            ],
            options={
                'verbose_name': 'signup request',
                'verbose_name_plural': 'signup requests',
                'indexes': [models.Index(fields=['address_hash', 'created_at'], name='signup_address_idx'), models.Index(condition=models.Q(('state', 'received')), fields=['created_at'], name='signup_received_idx'), models.Index(fields=['created_at'], name='signup_created_idx')],
            },
        ),
        migrations.CreateModel(
            name='Subscriber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.UUIDField(default=uuid.uuid4, editable=False, help_text='The name in the consent ledger.')),
                ('address', models.CharField(help_text='As the reader typed it.', max_length=320, verbose_name='address')),
                ('address_key', models.CharField(max_length=320, null=True, verbose_name='normalised address')),
                ('address_hash', models.BinaryField(max_length=16, null=True)),
                ('hash_key_id', models.PositiveSmallIntegerField(default=1)),
                ('domain', models.CharField(blank=True, max_length=255, verbose_name='domain')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('locale', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('time_zone', models.CharField(blank=True, max_length=60, verbose_name='time zone')),
                ('format', models.CharField(choices=[('html', 'designed'), ('text', 'plain text')], default='html', max_length=4, verbose_name='format')),
                ('tracking_allowed', models.BooleanField(default=False, help_text='Opens and clicks are only tied to a reader who granted it.', verbose_name='tracking allowed')),
                ('attributes', models.JSONField(blank=True, default=dict, verbose_name='attributes')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased at')),
            ],
            options={
                'verbose_name': 'reader',
                'verbose_name_plural': 'readers',
                'permissions': (('export_subscriber', 'Can export readers and what is held on them'), ('erase_subscriber', 'Can erase a reader')),
                'indexes': [models.Index(fields=['address_hash'], name='subscriber_hash_idx'), models.Index(fields=['domain'], name='subscriber_domain_idx')],
                'constraints': [models.UniqueConstraint(fields=('address_key',), name='subscriber_address_unique'), models.UniqueConstraint(fields=('person',), name='subscriber_person_unique')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_hash', models.BinaryField(max_length=16)),
                ('hash_key_id', models.PositiveSmallIntegerField(default=1)),
                ('reason', models.CharField(choices=[('hard_bounce', 'hard bounce'), ('complaint', 'complaint'), ('erased', 'erased'), ('manual', 'by a person')], max_length=12, verbose_name='reason')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('lifted_at', models.DateTimeField(blank=True, null=True, verbose_name='lifted at')),
            ],
            options={
                'verbose_name': 'suppression',
                'verbose_name_plural': 'suppressions',
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('address_hash', 'reason'), name='suppression_standing_unique')],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('newsletter_id', models.BigIntegerField(verbose_name='newsletter')),
                ('about', models.CharField(choices=[('day', 'day'), ('cohort', 'cohort'), ('source', 'source')], max_length=6)),
                ('kind', models.CharField(choices=[('signup', 'asked'), ('joined', 'joined'), ('left', 'left'), ('returned', 'took an unsubscribe back'), ('withheld', 'must not be written to'), ('released', 'may be written to again'), ('clicked', 'clicked')], max_length=8, verbose_name='kind')),
                ('at', models.DateField(help_text='The day; of a cohort or source, its month.', verbose_name='at')),
                ('joined', models.DateField(null=True, verbose_name='month of joining')),
                ('source', models.CharField(blank=True, default='', max_length=320, verbose_name='source')),
                ('number', models.IntegerField(verbose_name='number')),
            ],
            options={
                'verbose_name': 'tally',
                'verbose_name_plural': 'tallies',
                'indexes': [models.Index(fields=['newsletter_id', 'about', 'at'], name='tally_idx')],
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='slug')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=300, verbose_name='description')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'topic',
                'verbose_name_plural': 'topics',
                'ordering': ('position', 'name'),
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='subscribers.subscriber')),
                ('newsletter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='subscribers.newsletter')),
                ('state', models.CharField(choices=[('active', 'active'), ('unsubscribed', 'unsubscribed')], default='active', max_length=12, verbose_name='state')),
                ('withheld', models.CharField(blank=True, choices=[('', 'not withheld'), ('suppressed', 'suppressed'), ('erased', 'erased')], default='', max_length=10, verbose_name='withheld')),
                ('frequency', models.CharField(choices=[('every', 'every issue'), ('digest', 'weekly digest')], default='every', max_length=6, verbose_name='frequency')),
                ('paused_until', models.DateField(blank=True, null=True, verbose_name='paused until')),
                ('confirmed_at', models.DateTimeField(verbose_name='confirmed at')),
                ('unsubscribed_at', models.DateTimeField(blank=True, null=True, verbose_name='unsubscribed at')),
                ('unsubscribe_reason', models.CharField(blank=True, max_length=40, verbose_name='reason for leaving')),
                ('source', models.JSONField(blank=True, default=dict, verbose_name='source')),
                ('topics', models.ManyToManyField(blank=True, related_name='subscriptions', to='subscribers.topic', verbose_name='topics')),
            ],
            options={
                'verbose_name': 'subscription',
                'verbose_name_plural': 'subscriptions',
                'indexes': [models.Index(fields=['subscriber'], name='subscription_subscriber_idx')],
                'constraints': [models.UniqueConstraint(fields=('newsletter', 'subscriber'), name='subscription_unique')],
            },
        ),
        migrations.CreateModel(
            name='SeriesPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscription', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='series_place', to='subscribers.subscription')),
                ('newsletter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='subscribers.newsletter')),
                ('reached', models.PositiveSmallIntegerField(default=0, help_text='The day of the latest step: nothing before it is given any more.')),
                ('next_at', models.DateTimeField(help_text='When to look what follows; empty when nothing does.', null=True)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['newsletter', 'next_at'], name='series_due_idx')],
            },
        ),
        migrations.CreateModel(
            name='SeriesMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='subscribers.seriesplace')),
                ('step', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='subscribers.seriesstep')),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('owed', 'owed'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('unknown', 'unknown')], default='owed', max_length=8)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('place', 'step'), name='series_mail_unique')],
            },
        ),
        migrations.CreateModel(
            name='Outbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('confirm', 'confirmation'), ('welcome', 'welcome'), ('step', 'welcome series'), ('goodbye', 'goodbye'), ('addr_confirm', 'confirm the new address'), ('addr_changed', 'the address was changed')], max_length=12, verbose_name='purpose')),
                ('dedupe_key', models.CharField(max_length=80)),
                ('signup', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='subscribers.signuprequest')),
                ('subscriber', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='subscribers.subscriber')),
                ('newsletter', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='subscribers.newsletter')),
                ('step', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='owed', to='subscribers.seriesmail', verbose_name='mail of a welcome series')),
                ('context', models.JSONField(blank=True, default=dict)),
                ('state', models.CharField(choices=[('owed', 'owed'), ('leaving', 'being handed over'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('unknown', 'unknown'), ('dropped', 'no longer owed')], default='owed', max_length=8, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('code', models.CharField(blank=True, max_length=120, verbose_name='answer')),
                ('next_at', models.DateTimeField(verbose_name='next attempt at')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'mail to one person',
                'verbose_name_plural': 'mails to one person',
                'indexes': [models.Index(condition=models.Q(('state__in', ['owed', 'leaving'])), fields=['next_at'], name='outbox_due_idx'), models.Index(condition=models.Q(('purpose', 'addr_confirm')), fields=['created_at'], name='outbox_moves_idx')],
                'constraints': [models.UniqueConstraint(fields=('dedupe_key',), name='outbox_dedupe_unique')],
            },
        ),
        migrations.CreateModel(
            name='ConsentContext',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='context', serialize=False, to='subscribers.consentrecord')),
                ('ip', models.CharField(blank=True, max_length=45, verbose_name='shortened IP address')),
                ('user_agent', models.CharField(blank=True, max_length=300, verbose_name='user agent')),
                ('salt', models.BinaryField(max_length=16)),
                ('created_at', models.DateTimeField(verbose_name='created at')),
            ],
            options={
                'verbose_name': 'consent context',
                'verbose_name_plural': 'consent contexts',
                'indexes': [models.Index(fields=['created_at'], name='consent_context_age_idx')],
            },
        ),
        migrations.CreateModel(
            name='ConsentLeaf',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='leaf', serialize=False, to='subscribers.consentrecord')),
                ('seal', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='leaves', to='subscribers.consentseal')),
                ('position', models.PositiveIntegerField()),
            ],
        ),
    ]
