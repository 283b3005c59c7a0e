"""What payers write: the text of a transfer in each shape."""

import random

from payymo.sandbox.generator.model import Client, Invoice, Plan

# British transfers carry 18 characters, so people there write little.
FASTER_PAYMENT_LENGTH = 18
LANGUAGE = {"GB": "gb", "DE": "de", "AT": "de", "CH": "de", "NL": "nl", "BE": "nl", "FR": "fr", "PL": "pl"}
CLEAR = {
    "de": [
        "Rechnung {n}", "{n}", "Rg.-Nr. {n}", "Rechnungsnr. {n} Kd.-Nr. {c}", "{n} vielen Dank", "Re {n} vom {d}",
        "Zahlung zu {n} / {name}", "Kundennummer {c}, Rechnung {n}",
    ],
    "nl": ["Factuur {n}", "factuurnummer {n}", "{n}", "Betaling factuur {n} klant {c}", "fact. {n} {domain}"],
    "fr": ["Facture {n}", "Fact {n} {name}", "{n}"],
    "pl": ["Faktura {n}", "FV {n}", "zaplata za fakture {n}"],
    "gb": ["{n}", "INV {n}", "Invoice {n}", "INV{n}", "{n} {name}", "{n} {domain}"],
    "en": ["Invoice {n}", "{n}", "INV {n}", "Inv no {n} {name}", "Payment of invoice {n}", "{n} {domain}"],
}  # fmt: skip
VAGUE = {
    "de": ["Webhosting", "Hosting laut Rechnung", "Rechnung", "Domain und Hosting", "wie vereinbart"],
    "nl": ["hosting", "Hosting website", "factuur"],
    "fr": ["Hébergement", "facture hébergement"],
    "pl": ["hosting", "oplata za hosting"],
    "gb": ["HOSTING", "WEB HOSTING", "WEBSITE", "website fees"],
    "en": ["hosting", "web hosting", "website fees", "thanks"],
}
LISTED = {
    "de": ["Rechnungen {list}", "{list}", "RE {list} Danke"],
    "nl": ["Facturen {list}", "{list}"],
    "fr": ["Factures {list}"],
    "pl": ["Faktury {list}"],
    "gb": ["{list}", "INV {list}"],
    "en": ["Invoices {list}", "{list}"],
}


def language(client: Client) -> str:
    """Return the language the client writes in."""
    return LANGUAGE.get(client.country, "en")


def sequence(quoted: str) -> str:
    """Return the last run of digits of a number."""
    digits = quoted.replace("/", "-").split("-")[-1]
    return "".join(char for char in digits if char.isdigit())


def spelled(rng: random.Random, quoted: str) -> str:
    """Return a full number in one of the ways people type it; it still says everything."""
    plain = quoted.replace("-", "")
    forms = [quoted] * 6 + [quoted.replace("-", " "), plain, quoted.lower(), quoted.replace("-", "/")]
    return rng.choice(forms)


def _fill(template: str, client: Client, invoice: Invoice, number: str) -> str:
    return template.format(
        n=number,
        c=client.id,
        d=f"{invoice.issued:%d.%m.%Y}",
        name=client.display_name,
        domain=client.domain,
        list=number,
    )


def clear(rng: random.Random, plan: Plan) -> str:
    """Quote the whole number."""
    invoice = plan.invoices[-1]
    # A client keeps his habit: the template follows from who he is.
    templates = CLEAR[language(plan.client)]
    template = templates[plan.client.id % len(templates)] if rng.random() < 0.7 else rng.choice(templates)
    return _fill(template, plan.client, invoice, spelled(rng, invoice.quoted))


def half(rng: random.Random, plan: Plan) -> str:
    """Quote only the running number, or lose the start of it."""
    digits = sequence(plan.invoices[0].quoted)
    short = rng.choice([digits.lstrip("0"), digits, digits[-4:]])
    return rng.choice(
        ["{n}", "Rechnung {n}", "RE {n}", "Nr {n}"] if language(plan.client) == "de" else ["{n}", "inv {n}", "#{n}"]
    ).format(n=short)


def typo(rng: random.Random, plan: Plan) -> str:
    """Quote the number with one wrong, missing or swapped digit."""
    quoted = plan.invoices[0].quoted
    digits = sequence(quoted)
    place = rng.randrange(max(1, len(digits) - 1))
    swapped = digits[:place] + digits[place : place + 2][::-1] + digits[place + 2 :]
    wrong = digits[:place] + str((int(digits[place]) + rng.randint(1, 9)) % 10) + digits[place + 1 :]
    damaged = rng.choice([swapped if swapped != digits else wrong, wrong, digits[:place] + digits[place + 1 :]])
    head = quoted[: len(quoted) - len(digits)]
    return _fill(rng.choice(CLEAR[language(plan.client)][:3]), plan.client, plan.invoices[0], head + damaged)


def listed(rng: random.Random, plan: Plan) -> str:
    """Quote several numbers: all in full, the tails only, or a range when they follow each other."""
    numbers = [one.quoted for one in plan.invoices]
    tails = [numbers[0], *(sequence(one) for one in numbers[1:])]
    joined = rng.choice([", ".join(numbers), " + ".join(numbers), " ".join(numbers), ", ".join(tails), "/".join(tails)])
    return rng.choice(LISTED[language(plan.client)]).format(list=joined)


def vague(rng: random.Random, plan: Plan) -> str:
    """Say what it is for and nothing more."""
    return rng.choice(VAGUE[language(plan.client)])


def text(rng: random.Random, plan: Plan) -> str:
    """Return the remittance text of a planned payment, cut where the payer's bank cuts it."""
    written = _written(rng, plan)
    if plan.client.country != "GB":
        return written
    return (written.upper() if plan.client.id % 3 else written)[:FASTER_PAYMENT_LENGTH].strip()


def _written(rng: random.Random, plan: Plan) -> str:
    client = plan.client
    match plan.shape:
        case "half_number":
            return half(rng, plan)
        case "typo":
            return typo(rng, plan)
        case "several" | "reseller":
            return listed(rng, plan)
        case "no_reference":
            return rng.choice([vague(rng, plan), "", client.display_name])
        case "standing_order" | "twins":
            return f"{VAGUE[language(client)][0]} {client.domain.split('.')[0]}" if client.id % 2 else vague(rng, plan)
        case "domain_only":
            return rng.choice([client.domain, f"www.{client.domain}", f"Hosting {client.domain}"])
        case "client_number":
            return f"Kd.-Nr. {client.id}" if language(client) == "de" else f"customer {client.id}"
        case "stale_number":
            assert plan.history is not None
            return _fill(CLEAR[language(client)][0], client, plan.history, plan.history.quoted)
        case "creditor_reference":
            return ""
        case "relative":
            named = clear(rng, plan) if rng.random() < 0.6 else vague(rng, plan)
            return f"{named} {client.display_name}"
        case _:
            return clear(rng, plan)
