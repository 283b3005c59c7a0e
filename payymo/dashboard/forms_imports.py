"""Forms of statement files: which account, and which column means what."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banking.models import BankAccount
from banking.parsers.csv_detection import SHOWN_ROWS, CsvDetection
from banking.parsers.csv_mapping import DELIMITERS, ENCODINGS, MAX_COLUMNS

_ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": gettext_lazy("Windows, Western Europe (1252)"),
    "iso8859-15": "ISO 8859-15",
    "cp1250": gettext_lazy("Windows, Central Europe (1250)"),
    "iso8859-2": "ISO 8859-2",
    "cp1251": gettext_lazy("Windows, Cyrillic (1251)"),
    "cp1253": gettext_lazy("Windows, Greek (1253)"),
    "cp1254": gettext_lazy("Windows, Turkish (1254)"),
    "cp1257": gettext_lazy("Windows, Baltic (1257)"),
    "latin-1": "ISO 8859-1",
}
_DELIMITER_NAMES = {
    ";": gettext_lazy("Semicolon"),
    ",": gettext_lazy("Comma"),
    "\t": gettext_lazy("Tab"),
    "|": gettext_lazy("Vertical bar"),
}
_OPTIONAL_COLUMNS = {
    "value_date": gettext_lazy("Value date"),
    "amount": gettext_lazy("Amount"),
    "debit": gettext_lazy("Money out"),
    "credit": gettext_lazy("Money in"),
    "direction": gettext_lazy("In or out"),
    "currency": gettext_lazy("Currency"),
    "counterparty_name": gettext_lazy("Payer or payee"),
    "counterparty_iban": gettext_lazy("Their account"),
    "structured_reference": gettext_lazy("Structured reference"),
    "end_to_end_id": gettext_lazy("End-to-end id"),
    "bank_reference": gettext_lazy("Bank's reference"),
    "balance": gettext_lazy("Balance after the entry"),
    "own_account": gettext_lazy("Your account's number"),
}


class UploadForm(forms.Form):
    """A statement file and, where there are accounts, whose it is."""

    file = forms.FileField(
        label=gettext_lazy("Statement file"),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("Choose a file.")},
    )

    def __init__(self, *args: Any, accounts: Iterable[BankAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {str(account.public_id): account for account in accounts}
        if self.accounts:
            named = [(key, f"{row.name or _('Account')} … {row.iban_last4} {row.currency}")
                     for key, row in self.accounts.items()]  # fmt: skip
            self.fields["account"] = forms.ChoiceField(
                label=gettext_lazy("Account"),
                choices=[("", _("The one that the file names")), *named],
                required=False,
            )

    @property
    def account(self) -> BankAccount | None:
        """The chosen account, or None when the file is to say it."""
        return self.accounts.get(self.cleaned_data.get("account", ""))


class MappingForm(forms.Form):
    """Which column of a table means what."""

    header_row = forms.IntegerField(
        label=gettext_lazy("Row with the column names"),
        min_value=0,
        max_value=SHOWN_ROWS,
        help_text=gettext_lazy("Counted from 1 without empty rows; 0 if there is none."),
    )
    booking_date = forms.TypedChoiceField(label=gettext_lazy("Booking date"), coerce=int)
    date_order = forms.ChoiceField(
        label=gettext_lazy("Dates are written"),
        choices=[
            ("", gettext_lazy("Choose")),
            ("dmy", gettext_lazy("Day, month, year")),
            ("mdy", gettext_lazy("Month, day, year")),
            ("ymd", gettext_lazy("Year, month, day")),
        ],
    )
    decimal_sign = forms.ChoiceField(
        label=gettext_lazy("Decimal sign of the amounts"),
        choices=[("", gettext_lazy("Choose")), (",", gettext_lazy("Comma")), (".", gettext_lazy("Point"))],
    )
    remittance_information = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Reference texts"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    fixed_currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=gettext_lazy("Currency of the file"),
        required=False,
        help_text=gettext_lazy("Three letters, such as EUR, where no column tells it."),
    )
    fixed_account = forms.CharField(
        label=gettext_lazy("Account number of the file"),
        required=False,
        max_length=50,
        help_text=gettext_lazy("Your IBAN or account number, where no column tells it and no account was chosen."),
    )
    flip_sign = forms.BooleanField(label=gettext_lazy("Money in is written with a minus"), required=False)

    def __init__(self, *args: Any, detection: CsvDetection, has_text: bool = True, **kwargs: Any) -> None:
        mapping = detection.mapping.as_dict()
        super().__init__(*args, initial=mapping, **kwargs)
        self.detection = detection
        columns = _columns(detection)
        self.fields["booking_date"].choices = [("", _("Choose")), *columns]  # type: ignore[attr-defined]
        self.fields["remittance_information"].choices = columns  # type: ignore[attr-defined]
        for name, label in _OPTIONAL_COLUMNS.items():
            self.fields[name] = forms.TypedChoiceField(
                label=label, choices=[("", _("None")), *columns], coerce=int, empty_value=None, required=False
            )
        if has_text:
            self.fields["encoding"] = forms.ChoiceField(
                label=gettext_lazy("Code page"),
                choices=[(name, _ENCODING_NAMES.get(name, name)) for name in ENCODINGS],
                required=False,
                help_text=gettext_lazy("As found in the file. Change it if letters with accents look wrong."),
            )
            self.fields["delimiter"] = forms.ChoiceField(
                label=gettext_lazy("Columns are separated by"),
                choices=[(sign, _DELIMITER_NAMES[sign]) for sign in DELIMITERS],
                required=False,
                help_text=gettext_lazy("As found in the file. Changed, the columns are shown again to choose from."),
            )
            self.fields["shown_with"] = forms.CharField(
                required=False, strip=False, initial=mapping["delimiter"], widget=forms.HiddenInput
            )
        self.order_fields(
            ["encoding", "delimiter", "header_row", "booking_date", "date_order", "value_date", "amount",
             "decimal_sign", "flip_sign", "debit", "credit", "direction", "currency", "fixed_currency", "own_account",
             "fixed_account", "counterparty_name", "counterparty_iban", "remittance_information"]
        )  # fmt: skip

    def mapping(self) -> dict[str, Any]:
        """Return the whole mapping: what was chosen, over what was found."""
        chosen = {name: value for name, value in self.cleaned_data.items() if name != "shown_with"}
        chosen["fixed_currency"] = chosen["fixed_currency"].upper()
        found = self.detection.mapping.as_dict()
        for name in ("encoding", "delimiter"):
            chosen[name] = chosen.get(name) or found[name]
        if chosen["header_row"] != found["header_row"]:
            rows = self.detection.rows[chosen["header_row"] - 1 :][:1] if chosen["header_row"] else ()
            found["header"] = [cell.strip() for cell in rows[0]] if rows else []
        return {**found, **chosen}


def _columns(detection: CsvDetection) -> list[tuple[str, str]]:
    """Name the columns by their heads, those without one by their number and first value."""
    header, rows = detection.mapping.header, detection.rows
    body = rows[detection.mapping.header_row :]
    named = []
    for column in range(min(max((len(row) for row in rows), default=0), MAX_COLUMNS)):
        head = header[column].strip() if column < len(header) else ""
        sample = next((row[column].strip() for row in body if column < len(row) and row[column].strip()), "")
        number = _("Column %d") % (column + 1)
        named.append((str(column), head[:60] or (f"{number} ({sample[:30]})" if sample else number)))
    return named
