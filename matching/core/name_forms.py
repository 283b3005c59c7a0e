"""Scores the distinct names of clients against the words of a payment, the likeliest first, and stops in time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappush, heappushpop

import numpy as np

_INITIAL = 0.4
_LEAST = 0.25
_SLACK = 1e-9
_FIRST_LOOK = 48

Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]
Places = np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a payment with the words of clients that each may mean.

    Shape: `meanings[i]` holds, for `words[i]`, known words with how good a match each is; `in_text` says that other
    words stand around the name and are no evidence against it.
    """

    words: tuple[str, ...]
    meanings: tuple[Mapping[str, float], ...]
    in_text: bool


@dataclass(frozen=True, slots=True)
class FormScore:
    """How well one name is found.

    Units: `score` lies in 0..1, weighted by how rare the words are. Shape: `words` are places among the words said.
    """

    score: float
    words: tuple[int, ...]


class NameForms:
    """Every distinct name once, with who bears it and the words that lead to it."""

    def __init__(self, rarity: Callable[[str], float]) -> None:
        self._rarity = rarity
        self._ids: dict[tuple[str, ...], int] = {}
        self._tokens: list[tuple[str, ...]] = []
        self._bearers: list[list[int]] = []
        self._leading: dict[str, list[int]] = {}
        self._weights: Numbers | None = None
        self._initials: Places = np.zeros(0, dtype=np.int32)
        self._arrays: dict[str, Places] = {}

    def add(self, client_id: int, form: tuple[str, ...]) -> None:
        """Note that a client bears a name."""
        place = self._ids.get(form)
        if place is None:
            place = self._ids[form] = len(self._tokens)
            self._tokens.append(form)
            self._bearers.append([])
            for token in form:
                self._leading.setdefault(token, []).append(place)
        insort(self._bearers[place], client_id)
        self.changed()

    def remove(self, client_id: int, form: tuple[str, ...]) -> None:
        """Note that a client no longer bears a name."""
        self._bearers[self._ids[form]].remove(client_id)
        self.changed()

    def changed(self) -> None:
        """Forget what was derived from how rare the words are."""
        self._weights = None
        if self._arrays:
            self._arrays = {}

    def best(self, said: Said, followed: Iterable[str], limit: int) -> list[tuple[int, FormScore]]:
        """The clients whose name is found best, best first, equal ones by id; each with its better name.

        Shape: at most `limit`; only names that hold a word of `followed` are looked at. The order in which names are
        scored is that of what each could reach at most, so that scoring can stop early.
        """
        places, most = self._bounds(said, [token for token in followed if token in self._leading])
        options = _options(said)
        found: dict[int, FormScore] = {}
        lowest: list[float] = []
        for place, bound in _falling(places, most):
            if len(lowest) >= limit and lowest[0] > bound:
                break
            scored = self._score(self._tokens[place], said, options)
            if scored is None or scored.score < _LEAST:
                continue
            for client_id in self._bearers[place][:limit]:
                known = found.get(client_id)
                if known is None:
                    found[client_id] = scored
                    if len(lowest) < limit:
                        heappush(lowest, scored.score)
                    else:
                        heappushpop(lowest, scored.score)
                elif scored.score > known.score:
                    found[client_id] = scored
        ranked = sorted(found.items(), key=lambda one: (-one[1].score, one[0]))
        return ranked[:limit]

    def _bounds(self, said: Said, followed: list[str]) -> tuple[Places, Numbers]:
        """Names that hold one of the followed words, with the most that each can score."""
        if not followed:
            return np.zeros(0, dtype=np.int32), np.zeros(0)
        weights = self._weigh()
        quality: dict[str, float] = {}
        covers: dict[str, float] = {}
        worth = [self._rarity(word) for word in said.words]
        for value, meaning in zip(worth, said.meanings, strict=True):
            for token, good in meaning.items():
                quality[token] = max(quality.get(token, 0.0), good * self._rarity(token))
                covers[token] = covers.get(token, 0.0) + value
        places, matched, covered = self._add_up(followed, quality, covers)
        for token in quality.keys() - set(followed) & self._leading.keys():
            array = self._array(token)
            at = np.minimum(np.searchsorted(places, array), len(places) - 1)
            at = at[places[at] == array]
            np.add.at(matched, at, quality[token])
            np.add.at(covered, at, covers[token])
        wanted = weights[places]
        single = {word for word in said.words if len(word) == 1}
        if single:
            letters = sum(1 << (ord(word) & 31) for word in single)
            rest = np.maximum(wanted - matched, 0.0)
            matched += np.where(self._initials[places] & letters, _INITIAL * rest, 0.0)
        most = np.minimum(1.0, matched / wanted)
        if not said.in_text:
            known = sum([value for value, word in zip(worth, said.words, strict=True) if len(word) > 1])
            most *= 0.4 + 0.6 * matched / (matched + np.maximum(0.0, known - covered))
        return places, most + _SLACK

    def _add_up(
        self, tokens: list[str], quality: Mapping[str, float], covers: Mapping[str, float]
    ) -> tuple[Places, Numbers, Numbers]:
        """Names that hold one of the tokens, with the sums of what their tokens are worth."""
        arrays = [self._array(token) for token in tokens]
        lengths = [len(array) for array in arrays]
        every = np.concatenate(arrays)
        order = every.argsort(kind="stable")
        every = every[order]
        starts = np.flatnonzero(np.concatenate((_TRUE, every[1:] != every[:-1])))
        worth = np.repeat([quality[token] for token in tokens], lengths)[order]
        covering = np.repeat([covers[token] for token in tokens], lengths)[order]
        return every[starts], np.add.reduceat(worth, starts), np.add.reduceat(covering, starts)

    def _weigh(self) -> Numbers:
        """What each name weighs in all."""
        if self._weights is None:
            self._weights = np.array([sum(map(self._rarity, form)) for form in self._tokens])
            self._initials = np.array([_letters(form) for form in self._tokens], dtype=np.int32)
        return self._weights

    def _array(self, token: str) -> Places:
        array = self._arrays.get(token)
        if array is None:
            array = self._arrays[token] = np.array(self._leading[token], dtype=np.int32)
        return array

    def _score(
        self, form: tuple[str, ...], said: Said, options: Mapping[str, Sequence[tuple[float, int]]]
    ) -> FormScore | None:
        """How well one name is found; None when nothing but a single initial speaks for it."""
        used: list[int] = []
        matched = wanted = 0.0
        for token in form:
            rarity = self._rarity(token)
            wanted += rarity
            quality, place = next(((q, place) for q, place in options.get(token, ()) if place not in used), (0.0, -1))
            if not quality:
                place = _initial(token, said.words, used)
                quality = _INITIAL if place >= 0 else 0.0
            if quality:
                matched += quality * rarity
                used.append(place)
        if not matched or (len(used) == 1 and len(form) > 1 and len(said.words[used[0]]) == 1):
            return None
        score = matched / wanted
        if not said.in_text:
            rest = sum([self._rarity(word) for place, word in enumerate(said.words) if place not in used])
            score = score * (0.4 + 0.6 * matched / (matched + rest))
        return FormScore(score, tuple(sorted(used)))


_TRUE = np.array([True])


def _options(said: Said) -> dict[str, list[tuple[float, int]]]:
    """Where each known word may stand among the words said, the best match first, of equal ones the first."""
    options: dict[str, list[tuple[float, int]]] = {}
    for place, meaning in enumerate(said.meanings):
        for token, quality in meaning.items():
            options.setdefault(token, []).append((quality, place))
    for places in options.values():
        if len(places) > 1:
            places.sort(key=lambda one: (-one[0], one[1]))
    return options


def _falling(places: Places, most: Numbers) -> Iterable[tuple[int, float]]:
    """Names by what they can reach at most, falling; the first few are found without sorting all."""
    if len(places) > 2 * _FIRST_LOOK:
        first = np.argpartition(-most, _FIRST_LOOK)[:_FIRST_LOOK]
        first = first[np.argsort(-most[first], kind="stable")]
        yield from zip(places[first].tolist(), most[first].tolist(), strict=True)
        others = np.ones(len(places), dtype=bool)
        others[first] = False
        places, most = places[others], most[others]
    order = np.argsort(-most, kind="stable")
    yield from zip(places[order].tolist(), most[order].tolist(), strict=True)


def _letters(form: tuple[str, ...]) -> int:
    letters = 0
    for token in form:
        letters |= 1 << (ord(token[0]) & 31)
    return letters


def _initial(token: str, words: Sequence[str], used: Sequence[int]) -> int:
    """The place of a single letter that may stand for the word; -1 for none."""
    for place, word in enumerate(words):
        if len(word) == 1 and token[0] == word and place not in used:
            return place
    return -1
