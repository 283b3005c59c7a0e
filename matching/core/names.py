"""Finds clients by the name a payment carries: whole, shortened, in another order, damaged or cut off."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from math import log

from matching.core.normalise import fold, name_words
from matching.core.types import Client

_WHOLE, _DAMAGED, _CUT, _INITIAL = 1.0, 0.8, 0.85, 0.4
_LONGEST_POSTING = 4000


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


def _deletions(token: str) -> Iterable[str]:
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

    def add(self, client: Client) -> None:
        """Index one client; indexing it again replaces its names."""
        self.remove(client.id)
        person = _form(f"{client.first_name} {client.last_name}")
        company = _form(client.company_name)
        forms = tuple(form for form in (person, company) if form)
        self._forms[client.id] = forms
        for token in {token for form in forms for token in form}:
            carriers = self._carriers.get(token)
            if carriers is None:
                carriers = self._carriers[token] = []
                self._learn_word(token)
            carriers.append(client.id)
        self._answers.clear()

    def remove(self, client_id: int) -> None:
        """Forget one client's names."""
        for token in {token for form in self._forms.pop(client_id, ()) for token in form}:
            self._carriers[token].remove(client_id)
        self._answers.clear()

    def _learn_word(self, token: str) -> None:
        insort(self._sorted, token)
        if len(token) >= 5:
            for variant in _deletions(token):
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
        words = name_words(folded)[:24]
        meanings = [self._meanings(word, end >= len(folded.rstrip()) - 1) for word, _, end in words]
        hits = []
        for client_id in self._candidates(meanings):
            hit = self._score(client_id, words, meanings, in_text)
            if hit.score >= 0.25:
                hits.append(hit)
        hits.sort(key=lambda hit: (-hit.score, hit.client_id))
        return tuple(hits)

    def _meanings(self, word: str, at_end: bool) -> dict[str, float]:
        """Indexed words that `word` may stand for, with how good a match each is."""
        found: dict[str, float] = {}
        if len(word) >= 5 or "?" in word:
            for variant in _deletions(word):
                for token in self._damaged.get(variant, ()):
                    if one_edit_apart(token, word):
                        found[token] = _DAMAGED
        if len(word) >= 4 or (at_end and len(word) >= 3):
            place = bisect_left(self._sorted, word)
            for token in self._sorted[place : place + 40]:
                if not token.startswith(word):
                    break
                found[token] = _CUT
        if word in self._carriers:
            found[word] = _WHOLE
        return found

    def _candidates(self, meanings: list[dict[str, float]]) -> list[int]:
        """Clients that carry one of the words, rarest words first, up to a bounded number."""
        tokens = sorted(
            {token for meaning in meanings for token in meaning}, key=lambda token: (len(self._carriers[token]), token)
        )
        found: dict[int, None] = {}
        for token in tokens:
            carriers = self._carriers[token]
            if found and len(found) + len(carriers) > _LONGEST_POSTING:
                break
            found.update(dict.fromkeys(carriers[:_LONGEST_POSTING]))
        return list(found)

    def _rarity(self, token: str) -> float:
        return log((len(self._forms) + 2) / (len(self._carriers.get(token, ())) + 1)) + 0.3

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


def _form(name: str) -> tuple[str, ...]:
    words = [word for word, _, _ in name_words(fold(name))]
    return tuple(word for word in words if len(word) > 1) or tuple(words)


def _initial(token: str, words: tuple[tuple[str, int, int], ...], used: dict[int, float]) -> tuple[float, int]:
    for place, (word, _, _) in enumerate(words):
        if place not in used and len(word) == 1 and token[0] == word:
            return _INITIAL, -place
    return 0.0, 0
