"""German formats, named as Django asks for them; the last three are the desk's own."""

DATE_FORMAT = "j. F Y"
DATETIME_FORMAT = "j. N Y, H:i"
SHORT_DATE_FORMAT = "j. N Y"
SHORT_DATETIME_FORMAT = "j. N Y, H:i"
MONTH_DAY_FORMAT = "j. F"
TIME_FORMAT = "H:i"

SECONDS_FORMAT = "j. N Y, H:i:s"
WEEKDAY_FORMAT = "l, j. F Y"
THIS_YEAR_FORMAT = "j. N, H:i"
