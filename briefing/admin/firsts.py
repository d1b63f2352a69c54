"""Who gets an issue first: the choice when it is sent, and how it stands with them afterwards."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefing.dispatch import deciding, judging, sampling, trials
from briefing.dispatch.judging import Figures
from briefing.dispatch.states import LET_GO, UNDECIDED
from briefing.models import Dispatch, Issue, Trial

# Offered beside the usual time, which is 0.
MINUTES: dict[int, str | Promise] = {
    0: gettext_lazy("the usual time"),
    5: gettext_lazy("5 minutes"),
    15: gettext_lazy("15 minutes"),
    30: gettext_lazy("30 minutes"),
    60: gettext_lazy("1 hour"),
    240: gettext_lazy("4 hours"),
    1440: gettext_lazy("1 day"),
}


class FirstWaveForm(forms.Form):
    """Asks whether some readers get it before the others. Without enough readers it tries nothing."""

    first_wave = forms.ChoiceField(
        label=gettext_lazy("Who gets it first"), required=False, widget=forms.RadioSelect
    )
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("The others follow after"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=list(MINUTES.items()),
    )

    def offer_firsts(self, issue: Issue, *, planned: int) -> None:
        """Offer what fits so many readers; what the issue has already is chosen."""
        field: Any = self.fields["first_wave"]
        field.choices = _choices(issue, planned)
        self._issue, self._readers = issue, planned
        field.initial = issue.first_wave
        fewest = trials.fewest(Issue.FirstWave.SUBJECTS)
        if issue.second_subject and planned < fewest:
            field.help_text = _(
                "Everybody gets the first subject: trying a second one takes %(fewest)s readers or "
                "more, or it would be chance which of them is ahead."
            ) % {"fewest": intcomma(fewest)}
        elif issue.second_subject and issue.counts_clicks and not issue.first_wave:
            # Whoever has written a second one means to try it.
            field.initial = Issue.FirstWave.SUBJECTS
        self.fields["minutes"].initial = issue.first_wave_minutes
        if planned < sampling.FEWEST_READERS:
            del self.fields["minutes"]

    def clean_first_wave(self) -> str:
        """Refuse, in a sentence, a first wave from which nothing could be learned."""
        chosen = str(self.cleaned_data["first_wave"])
        if chosen in trials.USUAL_MINUTES:
            try:
                trials.check(self._issue, chosen, readers=self._readers)
            except trials.TrialRefusedError as error:
                raise forms.ValidationError(str(error)) from error
        return chosen

    def keep(self, issue: Issue) -> dict[str, Any]:
        """Keep the choice with the issue; returns what the audit log says of it."""
        first_wave = self.cleaned_data.get("first_wave", "")
        minutes = self.cleaned_data.get("minutes") if first_wave in trials.USUAL_MINUTES else None
        trials.choose(issue, first_wave, minutes=minutes or 0)
        return {"first_wave": first_wave} if first_wave else {}


def _choices(issue: Issue, planned: int) -> list[tuple[str, str]]:
    offered = [(Issue.FirstWave.NOBODY, _("Everybody at once"))]
    if planned >= trials.fewest(Issue.FirstWave.CANARY):
        words = _(
            "About %(number)d readers, drawn by lot. The others follow %(minutes)d minutes later by "
            "themselves, unless too many copies are refused, bounce or are complained of."
        )
        minutes = trials.USUAL_MINUTES[Issue.FirstWave.CANARY]
        number = round(planned * sampling.canary_share(planned))
        offered.append((Issue.FirstWave.CANARY, words % {"number": number, "minutes": minutes}))
    if issue.second_subject and planned >= trials.fewest(Issue.FirstWave.SUBJECTS):
        words = _(
            "Each subject to about %(number)d readers, drawn by lot. The others get the one on "
            "whose links more people clicked, %(hours)d hours later by themselves; what halts a "
            "canary halts this as well."
        )
        hours = trials.USUAL_MINUTES[Issue.FirstWave.SUBJECTS] // 60
        number = round(planned * sampling.subject_share(planned))
        offered.append((Issue.FirstWave.SUBJECTS, words % {"number": number, "hours": hours}))
    words = _(
        "Each reader when their own clock shows this hour, within a day. Whoever has chosen no time "
        "zone gets it at once."
    )
    return [*((kind.value, told) for kind, told in offered), (Issue.FirstWave.LOCAL.value, words)]


@dataclass(frozen=True, slots=True)
class Seen:
    """A trial for the eye: what is known now, or was when it was decided."""

    trial: Trial
    figures: Figures
    limits: dict[str, float]
    reason: str

    @property
    def is_of_subjects(self) -> bool:
        """Whether two subjects are on trial."""
        return self.trial.kind == Issue.FirstWave.SUBJECTS

    @property
    def is_tie(self) -> bool:
        """Whether people clicked on both alike."""
        return self.figures.rate_a == self.figures.rate_b

    @property
    def has_too_few_clicks(self) -> bool:
        """Whether which subject is ahead would be chance."""
        return self.figures.clicks_a + self.figures.clicks_b < judging.FEWEST_CLICKS

    @property
    def percents(self) -> tuple[float, float]:
        """Clicks of people for a hundred copies, of the first subject and of the second."""
        return 100 * self.figures.rate_a, 100 * self.figures.rate_b

    @property
    def failed_percent(self) -> float:
        """Of a hundred answered copies, how many will never arrive."""
        return 100 * self.figures.failed_share

    @property
    def complained_percent(self) -> float:
        """Of a hundred accepted copies, how many were complained of."""
        return 100 * self.figures.complained_share

    @property
    def is_undecided(self) -> bool:
        """Whether the others still wait for figures."""
        return self.trial.state in UNDECIDED

    @property
    def can_go_on(self) -> bool:
        """Whether a person's word would let the others go."""
        return self.trial.state not in LET_GO


def seen(dispatch: Dispatch) -> Seen | None:
    """Return how it stands with the first readers of a dispatch, if it began with some."""
    trial = Trial.objects.filter(pk=dispatch.pk).first()
    if trial is None:
        return None
    figures = Figures(**trial.figures) if trial.figures else deciding.measured(trial.pk)
    return Seen(
        trial=trial,
        figures=figures,
        limits={
            "failed": 100 * judging.FAILED_SHARE,
            "complained": 100 * judging.COMPLAINED_SHARE,
        },
        reason=judging.reason(figures) if figures.why else "",
    )
