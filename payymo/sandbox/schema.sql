CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, slug TEXT NOT NULL, fault TEXT NOT NULL, remaining INTEGER,
    probability REAL NOT NULL, params TEXT NOT NULL, hits INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS truth (slug TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (slug, source, id));

-- GoCardless Bank Account Data. A bank account lasts; an account id lives as long as its consent.
CREATE TABLE IF NOT EXISTS bank_account (
    slug TEXT NOT NULL, account TEXT NOT NULL, iban TEXT NOT NULL, currency TEXT NOT NULL, owner TEXT NOT NULL,
    name TEXT NOT NULL, institution TEXT NOT NULL, opening INTEGER NOT NULL, PRIMARY KEY (slug, account)
);
CREATE TABLE IF NOT EXISTS bank_entry (
    slug TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, status TEXT NOT NULL,
    booked_on TEXT NOT NULL, amount INTEGER NOT NULL, counts INTEGER NOT NULL, shown INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL, PRIMARY KEY (slug, key)
);
CREATE TABLE IF NOT EXISTS gc_token (token TEXT PRIMARY KEY, slug TEXT NOT NULL, kind TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS gc_call (slug TEXT NOT NULL, scope TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS gc_call_scope ON gc_call (slug, scope, at);
CREATE TABLE IF NOT EXISTS gc_agreement (id TEXT PRIMARY KEY, slug TEXT NOT NULL, created TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS gc_requisition (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL, reference TEXT NOT NULL, status TEXT NOT NULL, agreement TEXT NOT NULL,
    created TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (slug, reference)
);
CREATE TABLE IF NOT EXISTS gc_account (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL, account TEXT NOT NULL, requisition TEXT NOT NULL, status TEXT NOT NULL,
    created TEXT NOT NULL, last_accessed TEXT, failures INTEGER NOT NULL DEFAULT 0
);

-- Enable Banking. An account uid lives as long as its session; `code_at` is when the user came back.
CREATE TABLE IF NOT EXISTS eb_application (slug TEXT PRIMARY KEY, id TEXT NOT NULL, private_key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS eb_auth (id TEXT PRIMARY KEY, slug TEXT NOT NULL, code TEXT NOT NULL, code_at REAL NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS eb_session (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL, auth TEXT NOT NULL UNIQUE, status TEXT NOT NULL, ends TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS eb_account (uid TEXT PRIMARY KEY, slug TEXT NOT NULL, account TEXT NOT NULL, session TEXT NOT NULL);

-- SimpleFIN. Without a user the token is not claimed yet.
CREATE TABLE IF NOT EXISTS sf_access (claim TEXT PRIMARY KEY, slug TEXT NOT NULL, user TEXT NOT NULL, password TEXT NOT NULL);

-- Stripe: every object of an account as JSON; `seq` keeps the order within one second.
CREATE TABLE IF NOT EXISTS stripe_object (
    account TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, created INTEGER NOT NULL, seq INTEGER NOT NULL,
    payout TEXT NOT NULL DEFAULT '', body TEXT NOT NULL, PRIMARY KEY (account, id)
);
CREATE INDEX IF NOT EXISTS stripe_object_list ON stripe_object (account, kind, created DESC, seq DESC);
CREATE INDEX IF NOT EXISTS stripe_object_payout ON stripe_object (account, payout);
CREATE TABLE IF NOT EXISTS stripe_code (code TEXT PRIMARY KEY, account TEXT NOT NULL, scope TEXT NOT NULL, expires_at REAL NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS stripe_grant (account TEXT PRIMARY KEY, scope TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stripe_idempotency (
    account TEXT NOT NULL, key TEXT NOT NULL, path TEXT NOT NULL, params TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (account, key)
);

-- GoCardless payments: every object of a company as JSON; an item without a payout waits for the next one.
CREATE TABLE IF NOT EXISTS gcp_object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, created TEXT NOT NULL,
    payout TEXT NOT NULL DEFAULT '', body TEXT NOT NULL, UNIQUE (slug, id)
);
CREATE INDEX IF NOT EXISTS gcp_object_list ON gcp_object (slug, kind, seq DESC);

-- WHMCS. Money in minor units; `paid_number` says whether the number comes only with the payment.
CREATE TABLE IF NOT EXISTS whmcs_client (slug TEXT NOT NULL, id INTEGER NOT NULL, credit INTEGER NOT NULL, currency TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (slug, id));
CREATE TABLE IF NOT EXISTS whmcs_invoice (
    slug TEXT NOT NULL, id INTEGER NOT NULL, userid INTEGER NOT NULL, invoicenum TEXT NOT NULL, date TEXT NOT NULL,
    duedate TEXT NOT NULL, datepaid TEXT NOT NULL, subtotal INTEGER NOT NULL, credit INTEGER NOT NULL, tax INTEGER NOT NULL,
    total INTEGER NOT NULL, taxrate INTEGER NOT NULL, status TEXT NOT NULL, paymentmethod TEXT NOT NULL, notes TEXT NOT NULL,
    date_refunded TEXT NOT NULL, date_cancelled TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (slug, id)
);
CREATE INDEX IF NOT EXISTS whmcs_invoice_client ON whmcs_invoice (slug, userid);
CREATE TABLE IF NOT EXISTS whmcs_item (
    slug TEXT NOT NULL, id INTEGER NOT NULL, invoiceid INTEGER NOT NULL, type TEXT NOT NULL, relid INTEGER NOT NULL,
    description TEXT NOT NULL, amount INTEGER NOT NULL, taxed INTEGER NOT NULL, PRIMARY KEY (slug, id)
);
CREATE INDEX IF NOT EXISTS whmcs_item_invoice ON whmcs_item (slug, invoiceid);
CREATE TABLE IF NOT EXISTS whmcs_transaction (
    slug TEXT NOT NULL, id INTEGER NOT NULL, userid INTEGER NOT NULL, currency INTEGER NOT NULL, gateway TEXT NOT NULL,
    date TEXT NOT NULL, description TEXT NOT NULL, amountin INTEGER NOT NULL, fees INTEGER NOT NULL,
    amountout INTEGER NOT NULL, rate TEXT NOT NULL, transid TEXT NOT NULL, invoiceid INTEGER NOT NULL,
    refundid INTEGER NOT NULL, PRIMARY KEY (slug, id)
);
CREATE INDEX IF NOT EXISTS whmcs_transaction_invoice ON whmcs_transaction (slug, invoiceid);
CREATE INDEX IF NOT EXISTS whmcs_transaction_transid ON whmcs_transaction (slug, transid);
CREATE TABLE IF NOT EXISTS whmcs_credit (
    slug TEXT NOT NULL, id INTEGER NOT NULL, clientid INTEGER NOT NULL, date TEXT NOT NULL, description TEXT NOT NULL,
    amount INTEGER NOT NULL, relid INTEGER NOT NULL, PRIMARY KEY (slug, id)
);
CREATE TABLE IF NOT EXISTS whmcs_order (
    slug TEXT NOT NULL, id INTEGER NOT NULL, ordernum INTEGER NOT NULL, userid INTEGER NOT NULL, date TEXT NOT NULL,
    amount INTEGER NOT NULL, paymentmethod TEXT NOT NULL, invoiceid INTEGER NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (slug, id)
);
CREATE TABLE IF NOT EXISTS whmcs_activity (slug TEXT NOT NULL, id INTEGER NOT NULL, date TEXT NOT NULL, clientid INTEGER NOT NULL, description TEXT NOT NULL, PRIMARY KEY (slug, id));
