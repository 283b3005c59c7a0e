"""Clients of a host: invented names, addresses under .example, the account they pay from."""

import random
import unicodedata
from datetime import date, timedelta

from payymo.sandbox.generator import iban
from payymo.sandbox.generator.model import Client
from payymo.sandbox.generator.profile import Profile

FIRST = {
    "DE": "Andreas Käthe Jürgen Sabine Björn Heike Matthias Ulrike Tobias Anja Sören Petra Florian Renate Lukas Monika",
    "AT": "Leopold Theresia Johann Elfriede Markus Katharina Stefan Gudrun Florian Magdalena",
    "CH": "Urs Regula Beat Silvia Reto Priska Daniel Ursina",
    "NL": "Daan Saskia Jeroen Marijke Bram Lotte Wouter Femke Sander Anouk Pieter Ilse",
    "BE": "Bart Griet Luc Nathalie Dries Elke Thierry Martine",
    "FR": "Étienne Chloé Rémi Amélie Gaël Hélène Luc Noémie",
    "PL": "Paweł Agnieszka Łukasz Małgorzata Krzysztof Joanna Tomasz Beata",
    "CZ": "Tomáš Lenka Jiří Zuzana Ondřej Kateřina",
    "DK": "Søren Mette Anders Birgitte Jens Kirsten",
    "IT": "Nicolò Giulia Matteo Chiara Dario Federica",
    "GB": "Oliver Harriet Callum Fiona Rhys Imogen Graham Beth Alistair Priya Declan Zara Nigel Maeve Tariq Elspeth",
    "IE": "Ciarán Aoife Eoin Gráinne Declan Siobhán",
    "US": "Walter Denise Harold Marcy",
}
LAST = {
    "DE": "Müller Köhler Schröder Weiß Brandt Lindner Vogel Hübner Kessler Dörfler Pohl Sattler Jäger Ebert Thiele "
    "Großmann Bäcker Reinhardt Fiedler Nowak Özdemir Petersen Rademacher",
    "AT": "Gruber Hofstätter Eibl Moser Wögerbauer Pichler Steindl Leitgeb",
    "CH": "Aebischer Bürgi Zgraggen Wüthrich Odermatt Ammann",
    "NL": "Haverwijk Oosterling Verbruggen Hoekstra Zijlstra Kuiper Dekkers Bosman Tienhoven Molenaar",
    "BE": "Vandamme Goossens Lemaire Claeys Dupont Maes",
    "FR": "Lefèvre Garnier Béranger Rousselot Chauvet Dumoulin",
    "PL": "Wójcik Kamiński Zieliński Dąbrowska Piotrowski Szymańska",
    "CZ": "Dvořák Procházka Svoboda Kučerová Beneš",
    "DK": "Møller Kjærgaard Thygesen Østergaard Holm",
    "IT": "Ricciardi Bellandi Fontanesi Marchetti Zanardi",
    "GB": "Whitcombe Ashdown Pemberton Okafor Llewellyn McAllister Hargreaves Sutcliffe Patel Thornbury Drummond "
    "Fairweather Kettlewell O'Neill Brightman Cavendish Rahman Stirling",
    "IE": "Brannigan O'Rourke Fitzgerald Keogh",
    "US": "Nelson Harper Kowalski Briggs",
}
CITIES = {
    "DE": "Leipzig:04109 Hamburg:20095 Köln:50667 Nürnberg:90402 Kassel:34117 Bremen:28195 Mainz:55116 Ulm:89073",
    "AT": "Graz:8010 Linz:4020 Wien:1070",
    "CH": "Bern:3011 Luzern:6003 Zürich:8004",
    "NL": "Utrecht:3511AB Zwolle:8011CD Breda:4811EG Delft:2611BN",
    "BE": "Gent:9000 Liège:4000 Leuven:3000",
    "FR": "Lille:59000 Nantes:44000 Lyon:69002",
    "PL": "Poznań:60-101 Wrocław:50-062 Łódź:90-001",
    "CZ": "Brno:60200 Plzeň:30100",
    "DK": "Aarhus:8000 Odense:5000",
    "IT": "Torino:10121 Parma:43121",
    "GB": "Leeds:LS1_4AP Bristol:BS1_5TR York:YO1_7HH Cardiff:CF10_1EP Perth:PH1_5LF Norwich:NR2_1TF Bath:BA1_1SU",
    "IE": "Cork:T12_X70A Galway:H91_E2R3",
    "US": "Duluth:55802 Boise:83702",
}
STREETS = {
    "DE": "Lindenallee Gartenstraße Am_Mühlbach Ringstraße Schillerweg",
    "GB": "Mill_Lane Station_Road Harbour_Street Orchard_Close Kirkgate",
}
WORDS = [
    "Nordlicht",
    "Talblick",
    "Kompass",
    "Silberquelle",
    "Bergwind",
    "Sonnenhof",
    "Elbufer",
    "Steinbach",
    "Waldkauz",
    "Hafenkante",
    "Lindenhof",
    "Brightpeak",
    "Greenwave",
    "Harbor",
    "Vivid",
    "Cobalt",
    "Juniper",
    "Marlin",
    "Saffron",
    "Tundra",
    "Orbit",
    "Lantern",
    "Quill",
    "Meadow",
    "Falcon",
    "Otter",
    "Basalt",
    "Heron",
    "Clover",
    "Ember",
    "Pixel",
    "Anchor",
    "Walnut",
    "Zephyr",
    "Amber",
    "Raven",
    "Copper",
    "Delta",
    "Summit",
    "Willow",
]
TRADES = {
    "DE": "Design Optik Logistik Gartenbau Elektrotechnik Immobilien Software Kaffeerösterei Steuerberatung Möbel",
    "GB": "Design Plumbing Logistics Bakery Joinery Consulting Software Studios Lettings Cycles Dental Brewing",
}
FORMS = {
    "DE": ["GmbH", "GmbH", "UG (haftungsbeschränkt)", "GbR", "e.K.", "GmbH & Co. KG", "AG"],
    "AT": ["GmbH", "OG", "e.U."],
    "CH": ["GmbH", "AG"],
    "NL": ["B.V.", "B.V.", "V.O.F."],
    "BE": ["BV", "SRL"],
    "FR": ["SARL", "SAS"],
    "PL": ["Sp. z o.o.", "S.C."],
    "CZ": ["s.r.o."],
    "DK": ["ApS", "A/S"],
    "IT": ["S.r.l."],
    "GB": ["Ltd", "Ltd", "Limited", "LLP", "& Sons Ltd"],
    "IE": ["Ltd", "DAC"],
    "US": ["Inc.", "LLC"],
}
MAIL_HOSTS = ["mail.example", "post.example", "inbox.example", "freemail.example"]


def fold(text: str) -> str:
    """Return `text` in plain ASCII, umlauts written out as German banks do."""
    for char, plain in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "ł": "l", "Ł": "L"}.items():
        text = text.replace(char, plain).replace(char.upper() if len(char.upper()) == 1 else char, plain.capitalize())
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def slug_of(text: str) -> str:
    """Return `text` as a host name label."""
    return "".join(char for char in fold(text).lower() if char.isalnum())


def bank_name(rng: random.Random, name: str) -> str:
    """Return a payer name as banks carry it: often upper case, without marks, cut to 27 or 35 characters."""
    style = rng.random()
    if style < 0.45:
        return name
    if style < 0.75:
        return fold(name)
    return fold(name).upper()[: rng.choice([27, 35, 70])]


def _company(rng: random.Random, country: str, taken: set[str]) -> str:
    trades = TRADES["DE" if country in ("DE", "AT", "CH") else "GB"].split()
    while True:
        word = rng.choice(WORDS)
        if rng.random() < 0.35:
            word = rng.choice(LAST[country].split())
        name = f"{word} {rng.choice(trades)}"
        if name not in taken:
            taken.add(name)
            return f"{name} {rng.choice(FORMS[country])}"


def _person(rng: random.Random, country: str, taken: set[str]) -> tuple[str, str]:
    for _attempt in range(40):
        first, last = rng.choice(FIRST[country].split()), rng.choice(LAST[country].split())
        if f"{first} {last}" not in taken:
            break
    # Two clients of one name do exist; a small country may run out of new ones.
    taken.add(f"{first} {last}")
    return first, last


def _tax_rate(profile: Profile, country: str, company: str) -> int:
    foreign_business = company and country != profile.country
    outside = country in ("CH", "US") or (profile.country == "GB" and country != "GB")
    return 0 if foreign_business or outside else profile.tax_rate


def _client(rng: random.Random, profile: Profile, number: int, taken: set[str]) -> Client:
    country = rng.choices(list(profile.countries), weights=list(profile.countries.values()))[0]
    first, last = _person(rng, country, taken)
    company = _company(rng, country, taken) if rng.random() < profile.business_share else ""
    label = slug_of(company.rsplit(" ", 1)[0] if company else first + last)[:24]
    domain = f"{label}.example"
    email = f"{slug_of(first)}.{slug_of(last)}@{domain if company else rng.choice(MAIL_HOSTS)}"
    city, postcode = rng.choice(CITIES[country].split()).split(":")
    street = rng.choice(STREETS["GB" if profile.country == "GB" else "DE"].split()).replace("_", " ")
    return Client(
        id=number,
        first_name=first,
        last_name=last,
        company_name=company,
        email=email,
        street=f"{street} {rng.randint(1, 140)}",
        city=city,
        postcode=postcode.replace("_", " "),
        country=country,
        currency=profile.foreign_currency if country == "US" else profile.currency,
        gateway="stripe" if rng.random() < profile.card_share and country != "US" else "banktransfer",
        created=profile.until - timedelta(days=rng.randint(60, 2400)),
        domain=domain,
        payer_name=bank_name(rng, company or f"{first} {last}"),
        payer_iban=iban.invent(rng, "GB" if country == "US" else country),
        tax_rate=_tax_rate(profile, country, company),
    )


def clients(rng: random.Random, profile: Profile) -> list[Client]:
    """Return the host's clients in id order; a few are resellers who pay for others."""
    taken: set[str] = set()
    made = [_client(rng, profile, profile.first_client_id + index, taken) for index in range(profile.client_count)]
    businesses = [one for one in made if one.company_name and one.gateway == "banktransfer" and one.country != "US"]
    for client in rng.sample(businesses, profile.reseller_count):
        client.reseller = True
    return made


def relative(rng: random.Random, client: Client) -> str:
    """Return somebody of the same family, who pays for the client."""
    first = rng.choice([one for one in FIRST[client.country].split() if one != client.first_name])
    return f"{first} {client.last_name}"


def business_day(day: date) -> date:
    """Return `day`, or the Monday after it when banks are closed."""
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def business_days(first: date, last: date) -> list[date]:
    """Return the working days from `first` to `last`, both included."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]
