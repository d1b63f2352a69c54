"""English formats, named as Django asks for them; the last three are the desk's own."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j M Y, H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
MONTH_DAY_FORMAT = "j F"
TIME_FORMAT = "H:i"

SECONDS_FORMAT = "j M Y, H:i:s"
WEEKDAY_FORMAT = "l, j F Y"
THIS_YEAR_FORMAT = "j M, H:i"
