"""Finds clients by the name a payment carries: whole, shortened, in another order, damaged or cut off."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import TypeVar

from matching.core.name_forms import NameForms, Said
from matching.core.normalise import fold, name_words
from matching.core.types import Client

_WHOLE, _DAMAGED, _CUT = 1.0, 0.8, 0.85
_MOST_WORDS = 24
_MOST_TEXTS = 30_000
_MOST_NAMES = 12_000
MOST_CARRIERS = 4000
_FEWEST_DIGITS = 3
MOST_LONGER = 40
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class NameHit:
    """How well a client's name is found.

    Units: `score` lies in 0..1, weighted by how rare the words are. Shape: `words` are for `NameIndex.places`.
    """

    client_id: int
    score: float
    words: tuple[int, ...]


def deletions(token: str) -> set[str]:
    """The word, and the word with any one letter left out: what two words share that are one edit apart."""
    return {token[:place] + token[place + 1 :] for place in range(len(token))} | {token}


def one_edit_apart(left: str, right: str) -> bool:
    """Whether two different words are one insertion, deletion, substitution or swap of neighbours apart."""
    if left == right or abs(len(left) - len(right)) > 1:
        return False
    place = 0
    shorter = min(len(left), len(right))
    while place < shorter and left[place] == right[place]:
        place += 1
    if len(left) == len(right):
        if left[place + 1 :] == right[place + 1 :]:
            return True
        return left[place : place + 2] == right[place : place + 2][::-1] and left[place + 2 :] == right[place + 2 :]
    longer, other = (left, right) if len(left) > len(right) else (right, left)
    return longer[place + 1 :] == other[place:]


class NameIndex:
    """The words of every client's person and company name, with the clients that carry them."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[tuple[str, ...], ...]] = {}
        self._carriers: dict[str, int] = {}
        self._sorted: list[str] = []
        self._numeric = False
        self._damaged: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._clients = 0
        self._forms = NameForms(self._rarity)
        self._rarities: dict[str, float] = {}
        self._meant: dict[tuple[str, bool], dict[str, float]] = {}
        self._answers: dict[tuple[str, bool, int], tuple[NameHit, ...]] = {}
        self._scored: dict[tuple[tuple[tuple[str, bool], ...], bool, int], tuple[NameHit, ...]] = {}

    def know(self, counts: Mapping[str, int], *, clients: int) -> None:
        """Take up words with how many clients carry them, of more clients than are held here.

        Shape: `counts` holds every word of the clients held here and every word that the texts to be looked up can
        mean; `clients` counts all clients.
        """
        for token, count in counts.items():
            if token not in self._carriers:
                self._carriers[token] = 0
                self._learn_word(token)
            self._counts[token] = count
        self._clients = clients
        self._changed()

    def followed(self, folded: str) -> list[str]:
        """The words whose carriers `find` will look at for this text."""
        return self._followed([meaning for _, meaning, _ in self._telling(folded, True)])

    def add(self, client: Client) -> None:
        """Index one client; indexing it again replaces its names."""
        self.add_forms(client.id, forms_of(client))

    def add_forms(self, client_id: int, both: Iterable[Sequence[str]]) -> None:
        """Index one client by what `forms_of` made of its names."""
        self.remove(client_id)
        forms = self._names[client_id] = tuple(tuple(form) for form in both if form)
        for token in {token for form in forms for token in form}:
            if token not in self._carriers:
                self._carriers[token] = 0
                self._learn_word(token)
            self._carriers[token] += 1
        for form in set(forms):
            self._forms.add(client_id, form)
        self._changed()

    def remove(self, client_id: int) -> None:
        """Forget one client's names."""
        forms = self._names.pop(client_id, ())
        for token in {token for form in forms for token in form}:
            self._carriers[token] -= 1
        for form in set(forms):
            self._forms.remove(client_id, form)
        self._changed()

    def _changed(self) -> None:
        """Forget what was derived from the words and their counts."""
        if self._rarities or self._meant:
            for derived in (self._rarities, self._meant, self._answers, self._scored):
                derived.clear()
            self._forms.changed()

    def _learn_word(self, token: str) -> None:
        # A number in a text can only be nearly a word that has digits, which names hardly ever have.
        self._numeric = self._numeric or sum(map(str.isdigit, token)) >= _FEWEST_DIGITS
        insort(self._sorted, token)
        if len(token) >= 5:
            for variant in deletions(token):
                self._damaged.setdefault(variant, []).append(token)

    def find(self, folded: str, *, in_text: bool, limit: int = 24) -> tuple[NameHit, ...]:
        """Clients whose name is in `folded`, best first; equal scores in order of client.

        Shape: `in_text` says that other words stand around the name and are no evidence against it.
        """
        key = (folded, in_text, limit)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._find(folded, in_text, limit)
            _keep(self._answers, key, answer, _MOST_TEXTS)
        return answer

    def places(self, folded: str, hit: NameHit, *, in_text: bool) -> tuple[tuple[int, int], ...]:
        """Where a name that was found in this text stands in it."""
        words = [word for word, _, _ in self._telling(folded, in_text)]
        return tuple((words[place][1], words[place][2]) for place in hit.words)

    def _find(self, folded: str, in_text: bool, limit: int) -> tuple[NameHit, ...]:
        telling = self._telling(folded, in_text)
        if not any(meaning for _, meaning, _ in telling):
            return ()
        key = (tuple((word[0], cut) for word, _, cut in telling), in_text, limit)
        hits = self._scored.get(key)
        if hits is None:
            meanings = tuple(meaning for _, meaning, _ in telling)
            said = Said(tuple(word[0] for word, _, _ in telling), meanings, in_text)
            best = self._forms.best(said, self._followed(meanings), limit)
            hits = tuple(NameHit(client_id, found.score, found.words) for client_id, found in best)
            _keep(self._scored, key, hits, _MOST_NAMES)
        return hits

    def _telling(self, folded: str, in_text: bool) -> list[tuple[tuple[str, int, int], dict[str, float], bool]]:
        """The words that matter, with what each may mean: in a text those that mean nothing do not."""
        telling = []
        last = len(folded.rstrip()) - 1
        for word in name_words(folded)[:_MOST_WORDS]:
            cut = can_be_cut(word[0], at_end=word[2] >= last)
            meaning = self._meaning(word[0], cut=cut)
            if meaning or not in_text or len(word[0]) == 1:
                telling.append((word, meaning, cut))
        return telling

    def _meaning(self, word: str, *, cut: bool) -> dict[str, float]:
        meaning = self._meant.get((word, cut))
        if meaning is None:
            meaning = self._meanings(word, cut=cut)
            if not word.isdigit():
                _keep(self._meant, (word, cut), meaning, _MOST_TEXTS)
        return meaning

    def _meanings(self, word: str, *, cut: bool) -> dict[str, float]:
        """Indexed words that `word` may stand for, with how good a match each is."""
        found: dict[str, float] = {}
        if self._numeric or not word.isdigit():
            self._mean_nearly(word, found, cut=cut)
        if word in self._carriers:
            found[word] = _WHOLE
        return found

    def _mean_nearly(self, word: str, found: dict[str, float], *, cut: bool) -> None:
        if can_be_damaged(word):
            for variant in deletions(word):
                for token in self._damaged.get(variant, ()):
                    if one_edit_apart(token, word):
                        found[token] = _DAMAGED
        if cut:
            place = bisect_left(self._sorted, word)
            for token in self._sorted[place : place + MOST_LONGER]:
                if not token.startswith(word):
                    break
                found[token] = _CUT

    def _followed(self, meanings: Iterable[Mapping[str, float]]) -> list[str]:
        """The words worth following to their carriers: rarest first, up to a bounded number of carriers."""
        counts = {token: self._count(token) for meaning in meanings for token in meaning}
        followed: list[str] = []
        total = 0
        for token in sorted(counts, key=lambda token: (counts[token], token)):
            total += counts[token]
            if followed and total > MOST_CARRIERS:
                break
            followed.append(token)
        return followed

    def _count(self, token: str) -> int:
        known = self._counts.get(token)
        return self._carriers.get(token, 0) if known is None else known

    def _rarity(self, token: str) -> float:
        rarity = self._rarities.get(token)
        if rarity is None:
            rarity = log((max(self._clients, len(self._names)) + 2) / (self._count(token) + 1)) + 0.3
            if token in self._carriers:
                self._rarities[token] = rarity
        return rarity


def _keep(known: dict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    """Remember an answer; the oldest quarter makes room."""
    if len(known) >= most:
        for old in list(islice(known, most // 4)):
            del known[old]
    known[key] = value


def can_be_damaged(word: str) -> bool:
    """Whether a word is long enough to stand for another that is one edit away."""
    return len(word) >= 5 or "?" in word


def can_be_cut(word: str, *, at_end: bool) -> bool:
    """Whether a word may stand for a longer one; at the end of a text it needs less."""
    return len(word) >= 4 or (at_end and len(word) >= 3)


def read_words(folded: str) -> tuple[set[str], set[str], set[str]]:
    """The words of a text that `find` looks up: all, those that may be damaged, those that may be cut off."""
    words = name_words(folded)[:_MOST_WORDS]
    every = {word for word, _, _ in words}
    last = len(folded.rstrip()) - 1
    cut = {word for word, _, end in words if can_be_cut(word, at_end=end >= last)}
    return every, {word for word in every if can_be_damaged(word)}, cut


def forms_of(client: Client) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The comparable words of the client's person and of its company name; each may be empty."""
    return _form(f"{client.first_name} {client.last_name}"), _form(client.company_name)


def _form(name: str) -> tuple[str, ...]:
    words = [word for word, _, _ in name_words(fold(name))]
    return tuple(word for word in words if len(word) > 1) or tuple(words)
