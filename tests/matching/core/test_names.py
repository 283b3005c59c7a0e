import pytest

from matching.core.names import NameIndex, forms_of, one_edit_apart
from matching.core.normalise import account_key, fold, fold_with_offsets, name_key, name_words
from matching.core.types import Client

PEOPLE = (
    Client(1, "Jürgen", "Müller", "Müller & Söhne GmbH & Co. KG"),
    Client(2, "Христо", "Георгиев"),
    Client(3, "Oliver", "Winworth", "Cardiff Elektrotechnik Ltd"),
    Client(4, "Siobhán", "O'Connor"),
    Client(5, "Łukasz", "Wójcik", "Wójcik Logistics Sp. z o.o."),
    Client(6, "Νίκος", "Παππάς"),
)


@pytest.fixture(scope="module")
def index():
    names = NameIndex()
    for person in PEOPLE:
        names.add(person)
    return names


@pytest.mark.parametrize(
    ("written", "client_id"),
    [
        ("MUELLER JUERGEN", 1),
        ("Jurgen Muller", 1),
        ("J. Müller", 1),
        ("MULLER UND SOHNE", 1),
        ("J?RGEN M?LLER", 1),
        ("HRISTO GEORGIEV", 2),
        ("HRISTO GEORGEV", 2),
        ("CARDIFF ELEKTROTEC", 3),
        ("Mr Oliver Winworth", 3),
        ("SIOBHAN OCONNOR", 4),
        ("LUKASZ WOJCIK", 5),
        ("WOJCIK LOGISTICS SP. Z O.O.", 5),
        ("NIKOS PAPPAS", 6),
    ],
)
def test_a_client_is_found_however_the_bank_writes_the_name(index, written, client_id):
    hits = index.find(fold(written), in_text=False)

    assert hits[0].client_id == client_id
    assert hits[0].score >= 0.6


def test_a_name_is_found_inside_a_text_at_its_place(index):
    text = fold("FP 21/05 OLIVER WINWORTH HOSTING")

    [hit] = [hit for hit in index.find(text, in_text=True) if hit.client_id == 3]

    places = index.places(text, hit, in_text=True)
    assert [text[start:end] for start, end in places] == ["OLIVER", "WINWORTH"]


def test_a_stranger_is_not_found(index):
    assert index.find("SOMEBODY ENTIRELY ELSE", in_text=False) == ()


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [
        ("MULLER", "MULLR", True),
        ("MULLER", "MULLEER", True),
        ("MULLER", "MILLER", True),
        ("MULLER", "MULLRE", True),
        ("MULLER", "MULLER", False),
        ("MULLER", "MLLR", False),
        ("AB", "BA", True),
        ("", "A", True),
    ],
)
def test_one_edit_is_one_insertion_deletion_substitution_or_swap(left, right, apart):
    assert one_edit_apart(left, right) is apart
    assert one_edit_apart(right, left) is apart


def test_folding_keeps_the_way_back():
    folded = fold_with_offsets("Großß Ж1")

    assert folded.text == "GROSSSS ZH1"
    assert folded.original(folded.text.index("1"), folded.text.index("1") + 1) == (7, 8)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Weiß Studio AG", ["WEISS", "STUDIO"]),
        ("Puente Verde Catering S.L.U.", ["PUNTE", "VERDE", "CATERING"]),
        ("Dr. Petra Bauer e.K.", ["PETRA", "BAUR"]),
        ("Rapid Peak UG (haftungsbeschränkt)", ["RAPID", "PEAK"]),
        ("", []),
    ],
)
def test_legal_forms_and_titles_are_no_part_of_a_name(name, words):
    assert [word for word, _, _ in name_words(fold(name))] == words


def test_a_name_has_one_key_in_any_order():
    assert name_key("Müller, Jürgen") == name_key("JUERGEN MUELLER") == "JURGEN MULLER"


@pytest.mark.parametrize(
    ("account", "key"),
    [
        ("DE15 2005 0550 4455 6731 31", "200505504455673131"),
        ("200505504455673131", "200505504455673131"),
        ("GB78LOYD42561746573005", "LOYD42561746573005"),
        ("cus_9aBc", "CUS9ABC"),
        ("", ""),
    ],
)
def test_an_iban_and_the_account_in_it_are_one_payer(account, key):
    assert account_key(account) == key


def test_a_part_of_the_clients_with_all_counts_answers_like_all_of_them():
    names = [("Anna", "Kowalska"), ("Anna", "Nowak"), ("Jan", "Kowalski"), ("Anna", "Mazur"), ("Kowal", "Bau")]
    everyone = [Client(place, first, last) for place, (first, last) in enumerate(names, 1)]
    whole, part = NameIndex(), NameIndex()
    counts: dict[str, int] = {}
    for client in everyone:
        whole.add(client)
        for word in {word for form in forms_of(client) for word in form}:
            counts[word] = counts.get(word, 0) + 1
    part.know(counts, clients=len(everyone))
    part.add(everyone[0])
    part.add(everyone[2])

    assert part.followed("KOWALSKA") == whole.followed("KOWALSKA") == ["KOWALSKA", "KOWALSKI"]
    assert part.find("ANNA KOWALSKA", in_text=False)[0] == whole.find("ANNA KOWALSKA", in_text=False)[0]
    assert part.find("KOWALSKA", in_text=True) == whole.find("KOWALSKA", in_text=True)


def test_common_words_are_not_followed_once_a_rare_one_leads_somewhere():
    index = NameIndex()
    index.know({"MULLER": 3999, "GARTNEREI": 2, "ANNA": 50_000}, clients=100_000)

    assert index.followed("GARTNEREI MULLER ANNA") == ["GARTNEREI"]
    assert index.followed("ANNA") == ["ANNA"]


@pytest.mark.parametrize("written", ["ヤマダ タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ", "やまだ たろう", "ヤマダ・タロー"])
def test_a_bank_that_writes_kana_means_the_name_in_latin_letters(written: str):
    index = NameIndex()
    index.add(Client(1, "Taro", "Yamada"))
    index.add(Client(2, "Jiro", "Sato"))

    hits = index.find(fold(written), in_text=False)

    assert [hit.client_id for hit in hits if hit.score >= 0.85] == [1]


def test_kana_between_other_words_leads_back_to_where_it_stands():
    folded = fold_with_offsets("RE 36 キョウコ・サトウ 1042")

    assert folded.text == "RE 36 KYOKO SATO 1042"
    assert folded.original(6, 11) == (6, 10)
    assert folded.original(folded.text.index("SATO"), folded.text.index("SATO") + 4) == (11, 14)
    assert folded.original(folded.text.index("1042"), len(folded.text)) == (15, 19)


def test_ideographs_have_no_latin_form_here():
    assert fold("山田 36").strip() == "36"
