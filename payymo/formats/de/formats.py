"""As in English, with the mark of German days."""

DATE_FORMAT = "j. N Y"
DATETIME_FORMAT = "j. N Y, H:i T"
