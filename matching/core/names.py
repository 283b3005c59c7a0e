"""Finds clients by the name a payment carries: whole, shortened, in another order, damaged or cut off."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from matching.core.normalise import fold, name_words
from matching.core.types import Client

_WHOLE, _DAMAGED, _CUT, _INITIAL = 1.0, 0.8, 0.85, 0.4
_MOST_WORDS = 24
MOST_CARRIERS = 4000
MOST_LONGER = 40


@dataclass(frozen=True, slots=True)
class NameHit:
    """How well a client's name is found.

    Units: `score` and `coverage` lie in 0..1, weighted by how rare the words are.
    Shape: `places` are spans of the folded text.
    """

    client_id: int
    score: float
    coverage: float
    places: tuple[tuple[int, int], ...]


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
        self._forms: dict[int, tuple[tuple[str, ...], ...]] = {}
        self._carriers: dict[str, list[int]] = {}
        self._sorted: list[str] = []
        self._damaged: dict[str, list[str]] = {}
        self._answers: dict[tuple[str, bool], tuple[NameHit, ...]] = {}
        self._counts: dict[str, int] = {}
        self._clients = 0

    def know(self, counts: Mapping[str, int], *, clients: int) -> None:
        """Take up words with how many clients carry them, of more clients than are held here.

        Shape: `counts` holds every word of the clients held here and every word that the texts to be looked up can
        mean; `clients` counts all clients.
        """
        for token, count in counts.items():
            if token not in self._carriers:
                self._carriers[token] = []
                self._learn_word(token)
            self._counts[token] = count
        self._clients = clients
        self._answers.clear()

    def followed(self, folded: str) -> list[str]:
        """The words whose carriers `find` will look at for this text."""
        return self._followed(self._read(folded)[1])

    def add(self, client: Client) -> None:
        """Index one client; indexing it again replaces its names."""
        self.add_forms(client.id, forms_of(client))

    def add_forms(self, client_id: int, both: Iterable[Sequence[str]]) -> None:
        """Index one client by what `forms_of` made of its names."""
        self.remove(client_id)
        forms = self._forms[client_id] = tuple(tuple(form) for form in both if form)
        for token in {token for form in forms for token in form}:
            carriers = self._carriers.get(token)
            if carriers is None:
                carriers = self._carriers[token] = []
                self._learn_word(token)
            carriers.append(client_id)
        self._answers.clear()

    def remove(self, client_id: int) -> None:
        """Forget one client's names."""
        for token in {token for form in self._forms.pop(client_id, ()) for token in form}:
            self._carriers[token].remove(client_id)
        self._answers.clear()

    def _learn_word(self, token: str) -> None:
        insort(self._sorted, token)
        if len(token) >= 5:
            for variant in deletions(token):
                self._damaged.setdefault(variant, []).append(token)

    def find(self, folded: str, *, in_text: bool, limit: int = 24) -> tuple[NameHit, ...]:
        """Clients whose name is in `folded`, best first; equal scores in order of client.

        Shape: `in_text` says that other words stand around the name and are no evidence against it.
        """
        key = (folded, in_text)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._find(folded, in_text)[:limit]
            if len(self._answers) > 50_000:
                self._answers.clear()
            self._answers[key] = answer
        return answer

    def _find(self, folded: str, in_text: bool) -> tuple[NameHit, ...]:
        words, meanings = self._read(folded)
        hits = []
        for client_id in self._candidates(meanings):
            hit = self._score(client_id, words, meanings, in_text)
            if hit.score >= 0.25:
                hits.append(hit)
        hits.sort(key=lambda hit: (-hit.score, hit.client_id))
        return tuple(hits)

    def _read(self, folded: str) -> tuple[tuple[tuple[str, int, int], ...], list[dict[str, float]]]:
        words = name_words(folded)[:_MOST_WORDS]
        return words, [self._meanings(word, at_end=_is_at_end(folded, end)) for word, _, end in words]

    def _meanings(self, word: str, *, at_end: bool) -> dict[str, float]:
        """Indexed words that `word` may stand for, with how good a match each is."""
        found: dict[str, float] = {}
        if can_be_damaged(word):
            for variant in deletions(word):
                for token in self._damaged.get(variant, ()):
                    if one_edit_apart(token, word):
                        found[token] = _DAMAGED
        if can_be_cut(word, at_end=at_end):
            place = bisect_left(self._sorted, word)
            for token in self._sorted[place : place + MOST_LONGER]:
                if not token.startswith(word):
                    break
                found[token] = _CUT
        if word in self._carriers:
            found[word] = _WHOLE
        return found

    def _candidates(self, meanings: list[dict[str, float]]) -> list[int]:
        """Clients that carry one of the words."""
        found: dict[int, None] = {}
        for token in self._followed(meanings):
            found.update(dict.fromkeys(self._carriers[token][:MOST_CARRIERS]))
        return list(found)

    def _followed(self, meanings: list[dict[str, float]]) -> list[str]:
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
        return len(self._carriers.get(token, ())) if known is None else known

    def _rarity(self, token: str) -> float:
        return log((max(self._clients, len(self._forms)) + 2) / (self._count(token) + 1)) + 0.3

    def _score(
        self, client_id: int, words: tuple[tuple[str, int, int], ...], meanings: list[dict[str, float]], in_text: bool
    ) -> NameHit:
        best = NameHit(client_id, 0.0, 0.0, ())
        for form in self._forms[client_id]:
            used: dict[int, float] = {}
            matched = wanted = 0.0
            for token in form:
                rarity = self._rarity(token)
                wanted += rarity
                quality, place = max(
                    ((meaning.get(token, 0.0), -place) for place, meaning in enumerate(meanings) if place not in used),
                    default=(0.0, 0),
                )
                if quality == 0.0:
                    quality, place = _initial(token, words, used)
                if quality:
                    matched += quality * rarity
                    used[-place] = quality * rarity
            if not matched or (len(used) == 1 and len(form) > 1 and all(len(words[place][0]) == 1 for place in used)):
                continue
            coverage = matched / wanted
            score = coverage
            if not in_text:
                said = sum(self._rarity(word) for place, (word, _, _) in enumerate(words) if place not in used)
                score = coverage * (0.4 + 0.6 * matched / (matched + said))
            if score > best.score:
                places = tuple((words[place][1], words[place][2]) for place in sorted(used))
                best = NameHit(client_id, score, coverage, places)
        return best


def _is_at_end(folded: str, end: int) -> bool:
    return end >= len(folded.rstrip()) - 1


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
    cut = {word for word, _, end in words if can_be_cut(word, at_end=_is_at_end(folded, end))}
    return every, {word for word in every if can_be_damaged(word)}, cut


def forms_of(client: Client) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The comparable words of the client's person and of its company name; each may be empty."""
    return _form(f"{client.first_name} {client.last_name}"), _form(client.company_name)


def _form(name: str) -> tuple[str, ...]:
    words = [word for word, _, _ in name_words(fold(name))]
    return tuple(word for word in words if len(word) > 1) or tuple(words)


def _initial(token: str, words: tuple[tuple[str, int, int], ...], used: dict[int, float]) -> tuple[float, int]:
    for place, (word, _, _) in enumerate(words):
        if place not in used and len(word) == 1 and token[0] == word:
            return _INITIAL, -place
    return 0.0, 0
