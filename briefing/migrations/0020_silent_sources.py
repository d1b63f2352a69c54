from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('briefing', '0019_round_of_the_unknown'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='silent_since',
            field=models.DateTimeField(blank=True, help_text='The first look without an answer.', null=True, verbose_name='silent since'),
        ),
    ]
