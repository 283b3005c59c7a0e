"""Every reason why an entry, or a file, cannot be taken: the code that rows and programs keep, and the sentence.

A sentence whose values change gets a new code, since rows keep the values of the old one.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EntryProblem(TextChoices):
    """What is wrong with one entry, or one balance."""

    AMOUNT = "amount", _("The amount %(written)s cannot be read.")
    AMOUNT_CURRENCY = "amount_currency", _("The amount is in %(currency)s, but the account is in %(account)s.")
    AMOUNT_HAS_NO_CURRENCY = "amount_has_no_currency", _("The amount has no currency.")
    AMOUNT_MISSING = "amount_missing", _("The amount is missing.")
    AMOUNT_NOT_MINOR_UNITS = (
        "amount_not_minor_units", _("The amount %(written)s cannot be read; BAI2 writes whole minor units.")
    )  # fmt: skip
    AMOUNT_SIGNED = "amount_signed", _("The amount %(written)s has a sign; CdtDbtInd alone gives the direction.")
    AMOUNT_SIGNED_BAI2 = "amount_signed_bai2", _("The amount has a sign; the type code alone gives the direction.")
    AVAILABILITIES = "availabilities", _("The number of availabilities %(written)s cannot be read.")
    BALANCE = "balance", _("The balance %(written)s cannot be read.")
    BALANCE_BECAUSE = "balance_because", _("A balance cannot be read: %(why)s")
    BOTH_SIDES = "both_sides", _("The row has both a debit and a credit.")
    CONTROL_TOTAL = "control_total", _("The control total is %(written)s, but the records do not add up to it.")
    CONTROL_TOTAL_BECAUSE = "control_total_because", _("The control total cannot be read: %(why)s")
    CREDIT_NEGATIVE = "credit_negative", _("The credit %(written)s is negative.")
    CREDIT_NEGATIVE_AMOUNT = (
        "credit_negative_amount", _("The amount is negative, but %(written)s says that it is a credit.")
    )  # fmt: skip
    CURRENCY_CODE = "currency_code", _("%(written)s is not a currency code.")
    DATE = "date", _("The date %(written)s cannot be read.")
    DATE_MISSING = "date_missing", _("The entry has neither a booking date nor a value date.")
    DECIMALS = "decimals", _("The amount %(written)s has more decimals than %(currency)s has.")
    DELETES_EARLIER = (
        "deletes_earlier", _("The bank deletes its earlier entry %(written)s by this one; check that one by hand.")
    )  # fmt: skip
    DIRECTION = "direction", _("%(written)s does not say whether the amount is a debit or a credit.")
    DIRECTION_CAMT = "direction_camt", _("CdtDbtInd is %(written)s and neither CRDT nor DBIT.")
    ENTRY_AMOUNT_MISSING = "entry_amount_missing", _("The entry has no amount.")
    ENTRY_CREDIT_NEGATIVE = "entry_credit_negative", _("The entry is called a credit and has a negative amount.")
    ENTRY_DATE = "entry_date", _("The entry date %(written)s cannot be read.")
    ENTRY_DATE_MISSING = "entry_date_missing", _("The entry has no date yet.")
    ENTRY_DIRECTION = "entry_direction", _("The entry does not say whether the money came or went.")
    ENTRY_MOMENT = "entry_moment", _("The date of the entry cannot be read.")
    ENTRY_NO_OBJECT = "entry_no_object", _("The entry is not an object.")
    ENTRY_STATUS = "entry_status", _("The entry does not say whether it is booked.")
    FUNDS_TYPE = "funds_type", _("The funds type %(written)s is none of Z, 0, 1, 2, S, V and D.")
    INFORMATION = "information", _("The bank sends this entry for information (INFO); it moves no money here.")
    LINE_START = (
        "line_start", _("The line %(written)s does not begin with a date and a credit or debit mark.")
    )  # fmt: skip
    LINE_TYPE = "line_type", _("The line %(written)s has no transaction type behind its amount.")
    NEITHER_SIDE = "neither_side", _("The row has neither a debit nor a credit.")
    NO_MONEY_MOVED = "no_money_moved", _("The status %(written)s says that no money moved.")
    PENDING = "pending", _("Pending: %(why)s")
    RECORD_COUNT = "record_count", _("The account should have %(written)s records, but has %(count)s.")
    REPLACES_EARLIER = (
        "replaces_earlier", _("The bank replaces its earlier entry %(written)s by this one; check that one by hand.")
    )  # fmt: skip
    ROW_CURRENCY = "row_currency", _("The row is in %(currency)s, but the account is in %(account)s.")
    ROW_HAS_NO_CURRENCY = "row_has_no_currency", _("The row names no currency.")
    ROW_LENGTH = "row_length", _("The row has %(cells)s cells, but there are %(columns)s columns.")
    ROWS_IN_A_CELL = "rows_in_a_cell", _("A cell holds whole rows; a quotation mark in it was never closed.")
    STATUS = "status", _("The status %(written)s does not say whether it is booked.")
    STATUS_CAMT = "status_camt", _("The status %(written)s does not say whether the entry is booked.")
    TOTAL = "total", _("The row is a total, not an entry.")
    TRAILER_MISSING = "trailer_missing", _("The account has no trailer (49), so its end may be missing.")
    TYPE_CODE = "type_code", _("The type code %(written)s does not say whether it is a credit or a debit.")


class FileProblem(TextChoices):
    """What stops a whole file, or a provider's whole answer."""

    ACCOUNT_BECAUSE = "account_because", _("The account at line %(line)s cannot be read: %(why)s")
    ACCOUNT_CURRENCY = "account_currency", _("The currency of the account cannot be read: %(why)s")
    ACCOUNT_WITHOUT_GROUP = "account_without_group", _("The account at line %(line)s stands in no group.")
    ANSWER_ACCOUNT_MISSING = "answer_account_missing", _("The provider's answer has no account.")
    ANSWER_ACCOUNTS = "answer_accounts", _("The provider's answer is not about one account.")
    ANSWER_BALANCES = "answer_balances", _("The provider's answer has no usable list of balances.")
    ANSWER_ENTRIES = "answer_entries", _("The provider's answer has no usable list of entries.")
    ANSWER_LIST = "answer_list", _("The provider's answer has no usable list of %(name)s entries.")
    ANSWER_NOT_JSON = "answer_not_json", _("The provider's answer is not JSON.")
    ANSWER_PAGES = "answer_pages", _("The provider's answer has no pages.")
    ANSWER_PART = "answer_part", _("The provider's answer has no %(name)s.")
    ARCHIVE_DAMAGED = "archive_damaged", _("The archive is damaged.")
    ARCHIVE_EMPTY = "archive_empty", _("The archive holds no file.")
    ARCHIVE_FILES = (
        "archive_files", _("The archive holds %(count)s files; at most %(most)s are read at once.")
    )  # fmt: skip
    ARCHIVE_LARGE = (
        "archive_large", _("The archive unfolds to more than can be read; send fewer or smaller files.")
    )  # fmt: skip
    ARCHIVE_LOCKED = "archive_locked", _("The archive is locked with a password; unlock it first.")
    ARCHIVE_OUTSIDE = "archive_outside", _("The archive names a place outside of itself, which no bank does.")
    ARCHIVE_PARTS = "archive_parts", _("The archive holds more than %(most)s files.")
    ARCHIVE_RATIO = (
        "archive_ratio", _("The archive unfolds to more than %(times)s times its size, which no statement does.")
    )  # fmt: skip
    BAI2_CORRECTS = (
        "bai2_corrects",
        _(
            "It corrects what was sent earlier (group status %(status)s, line %(line)s), so nothing of the file is "
            "imported. Check its entries by hand."
        ),
    )
    BAI2_EMPTY = "bai2_empty", _("The BAI2 file holds no account.")
    BAI2_TAKES_BACK = (
        "bai2_takes_back",
        _(
            "It takes back what was sent earlier (group status %(status)s, line %(line)s), so nothing of the file is "
            "imported. Check its entries by hand."
        ),
    )
    BAI2_TEST = (
        "bai2_test",
        _(
            "It is a test of the bank (group status %(status)s, line %(line)s), so nothing of the file is imported. "
            "Check its entries by hand."
        ),
    )
    BYTES = "bytes", _("The file has %(count)s bytes; at most %(most)s (%(mebibytes)s MiB) can be read.")
    CDATA = "cdata", _("A CDATA section of the file is never closed.")
    CELL_ERROR = "cell_error", _("Cell %(cell)s holds an error, as #REF! is. Correct it, save again.")
    CELL_FORMULA = (
        "cell_formula",
        _(
            "Cell %(cell)s holds a formula without its result. Open the file in a spreadsheet program, save it, and "
            "send it again."
        ),
    )
    COLUMN_OPEN = "column_open", _("%(question)s The columns are: %(names)s.")
    CURRENCIES = "currencies", _("The statement mixes currencies: %(found)s. It must have one.")
    CURRENCIES_OF_ROWS = (
        "currencies_of_rows",
        _("The file mixes currencies: %(found)s. An account has one; name it, and the rows of the other are refused."),
    )
    CURRENCY_AT = "currency_at", _("%(currency)s (line %(line)s)")
    CURRENCY_MISSING = "currency_missing", _("The statement at line %(line)s does not say its currency.")
    DOCTYPE = "doctype", _("The file has a document type or entities; a bank statement has neither.")
    EMPTY = "empty", _("The file is empty.")
    ENCODING = "encoding", _("The file is not written in %(encoding)s.")
    ENCODING_UTF16 = "encoding_utf16", _("The file is not written in UTF-16, as it begins.")
    ENTRIES = "entries", _("The file has more than %(most)s entries; export a shorter period.")
    FORMAT_NAME = "format_name", _("%(name)s is not a format; use one of %(known)s.")
    INVESTMENTS_OFX = (
        "investments_ofx", _("The file holds an investment account, which is not read; export the bank account.")
    )  # fmt: skip
    INVESTMENTS_QIF = (
        "investments_qif", _("The QIF file holds investments (line %(line)s); export the bank account alone.")
    )  # fmt: skip
    LINE_COLUMNS = "line_columns", _("Line %(line)s has more than %(most)s columns.")
    LINE_LENGTH = (
        "line_length", _("Line %(line)s has more than %(most)s characters; no statement has such lines.")
    )  # fmt: skip
    LINE_NO_ROW = "line_no_row", _("Line %(line)s is no row of a table: %(why)s.")
    LINE_QUOTATION = "line_quotation", _("A quotation mark that opens at line %(line)s is never closed.")
    LINES = "lines", _("The file has more than %(most)s lines; export a shorter period.")
    MAPPING_BOOLEAN = "mapping_boolean", _("The setting %(setting)s must be true or false.")
    MAPPING_COLUMN = "mapping_column", _("%(value)s is not a column.")
    MAPPING_HEADER = "mapping_header", _("The header must be a list of column names.")
    MAPPING_HEADER_ROW = "mapping_header_row", _("The header row must be a row number, or 0 for none.")
    MAPPING_LIST = "mapping_list", _("%(value)s is not a list.")
    MAPPING_OTHER_FILE = (
        "mapping_other_file", _("The columns of the file are not those that the mapping was made for.")
    )  # fmt: skip
    MAPPING_SETTING = "mapping_setting", _("A column mapping has no setting %(setting)s.")
    MAPPING_TEXT = "mapping_text", _("The setting %(setting)s must be a text.")
    MAPPING_VALUE = "mapping_value", _("The setting %(setting)s cannot be %(value)s.")
    MT940_EMPTY = "mt940_empty", _("The file has no MT940 or MT942 message.")
    MT940_TEXTS = "mt940_texts", _("The entry at line %(line)s has more than %(most)s texts (:86:).")
    NESTED = "nested", _("The file is nested deeper than %(most)s levels.")
    NO_CAMT = "no_camt", _("The XML is no camt.052, camt.053 or camt.054 account statement.")
    NO_ENTRIES = "no_entries", _("The file has no entries.")
    NO_STATEMENT = (
        "no_statement",
        _("The file is no bank statement: it is none of CAMT, MT940, OFX, QIF and BAI2, nor a table of columns."),
    )
    NOTHING_READABLE = (
        "nothing_readable", _("No entry of the file can be read (%(count)s refused). Line %(line)s: %(why)s")
    )  # fmt: skip
    OFX_EMPTY = "ofx_empty", _("The OFX file holds no bank or card statement.")
    OPEN_AMOUNT = "open_amount", _("Which column, or which two, hold the amount?")
    OPEN_BOOKING_DATE = "open_booking_date", _("Which column holds the booking date?")
    OPEN_CURRENCY = "open_currency", _("The file names no currency; which one is it in?")
    OPEN_DATE_ORDER = (
        "open_date_order", _("Do the dates begin with the day or the month? No date in it tells.")
    )  # fmt: skip
    OPEN_DECIMAL_SIGN = "open_decimal_sign", _("Is the decimal sign of the amounts a comma or a point?")
    OTHER_ARCHIVE = "other_archive", _("The file is an archive (%(kind)s); unpack it first.")
    OTHER_BINARY = "other_binary", _("The file is binary; use one of %(formats)s.")
    OTHER_COMPRESSED = "other_compressed", _("The file is a compressed file (%(kind)s); unpack it first.")
    OTHER_DATABASE = "other_database", _("The file is a database.")
    OTHER_JSON = "other_json", _("The file is a JSON file, which cannot be read; use one of %(formats)s.")
    OTHER_OFFICE = "other_office", _("The file is an old Office file; save it as XLSX or CSV.")
    OTHER_OPEN_DOCUMENT = (
        "other_open_document", _("The file is an OpenDocument file; save it as XLSX or CSV.")
    )  # fmt: skip
    OTHER_PDF = "other_pdf", _("The file is a PDF document; export the statement as one of %(formats)s.")
    OTHER_PICTURE = "other_picture", _("The file is a picture.")
    OTHER_PROGRAM = "other_program", _("The file is a program.")
    OTHER_RTF = "other_rtf", _("The file is a text document (RTF), which cannot be read; use one of %(formats)s.")
    OTHER_WEB_PAGE = (
        "other_web_page",
        _("The file is a web page, perhaps the bank's sign-in page, which cannot be read; use one of %(formats)s."),
    )
    OTHER_WORD = "other_word", _("The file is a Word document; export the statement as one of %(formats)s.")
    OTHER_XLSB = "other_xlsb", _("The file is a binary workbook (XLSB); save it as XLSX or CSV.")
    OTHER_ZIP = "other_zip", _("The file is an archive; send its files one by one, or upload it on the Imports page.")
    QIF_EMPTY = "qif_empty", _("The QIF file holds no bank, card or cash account.")
    RECORD_WITHOUT_ACCOUNT = "record_without_account", _("The record at line %(line)s belongs to no account.")
    ROW_COLUMNS = "row_columns", _("Row %(row)s has more than %(most)s columns.")
    ROWS = "rows", _("The file has more than %(most)s rows; export a shorter period.")
    SHEET_REACH = (
        "sheet_reach", _("The sheet reaches to row %(rows)s and column %(columns)s; delete what is empty.")
    )  # fmt: skip
    SHEET_ROWS = "sheet_rows", _("The sheet has more than %(most)s rows; export a shorter period.")
    SHEETS = "sheets", _("The workbook has entries on several sheets (%(names)s); save each as its own file.")
    TAGS = "tags", _("The file has more than %(most)s tags; export a shorter period.")
    WAITING_FOR_ACCOUNT = (
        "waiting_for_account", _("More than %(most)s entries stand before the account they belong to (Acct).")
    )  # fmt: skip
    WORKBOOK_DOCTYPE = (
        "workbook_doctype", _("The workbook has a document type or entities; a saved sheet has neither.")
    )  # fmt: skip
    WORKBOOK_EMPTY = "workbook_empty", _("The workbook is empty.")
    WORKBOOK_UNREADABLE = "workbook_unreadable", _("The workbook cannot be read; save it again, or as CSV.")
    XML_BROKEN = "xml_broken", _("The XML is broken at line %(line)s, column %(column)s.")
    XML_DOCTYPE = "xml_doctype", _("The XML has a document type or entities; a bank statement has neither.")
    XML_EMPTY = "xml_empty", _("The XML is empty.")
    XML_ENCODING = "xml_encoding", _("The XML is not written in %(encoding)s, as it says.")
    XML_ENCODING_NOT_READ = "xml_encoding_not_read", _("The XML is written in %(encoding)s, which is not read here.")
    XML_ENCODING_UNKNOWN = (
        "xml_encoding_unknown", _("The XML says it is written in %(encoding)s, which is unknown.")
    )  # fmt: skip
    XML_HELD = (
        "xml_held", _("The XML has more than %(most)s elements in one place; export a shorter period.")
    )  # fmt: skip
    XML_NESTED = "xml_nested", _("The XML is nested deeper than %(most)s levels.")
