"""Merkle trees against the published vectors of Certificate Transparency, and as properties.

The eight leaves, their roots and proofs are those of the reference implementation's own tests
(google/certificate-transparency, ``merkle_tree_test.cc``; the same in transparency-dev/merkle).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinic.record import merkle

LEAVES = [
    merkle.hash_leaf(bytes.fromhex(data))
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
_B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
_C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
_D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
_E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
_F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
#: (leaf from 0, size, path)
INCLUSION = [
    (0, 1, []),
    (0, 8, [_A, _B, _C]),
    (5, 8, [_D, _E, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], _B, _D]),
]
#: (earlier size, later size, path)
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [_A, _B, _C]),
    (6, 8, [_F, _E, ROOTS[4]]),
    (2, 5, [_B, _D]),
]


def _raw(path: list[str]) -> list[bytes]:
    return [bytes.fromhex(step) for step in path]


def test_the_roots_are_the_published_ones() -> None:
    assert merkle.EMPTY_ROOT.hex() == ROOTS[0]
    assert [merkle.root(LEAVES[:size]).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_paths_are_the_published_ones(index: int, size: int, path: list[str]) -> None:
    assert merkle.inclusion_proof(index, LEAVES[:size]) == _raw(path)
    expected = bytes.fromhex(ROOTS[size])
    assert merkle.verify_inclusion(index, size, LEAVES[index], _raw(path), expected)
    # a leaf that is not there, and a place that it has not
    assert not merkle.verify_inclusion(index, size, LEAVES[7 - index], _raw(path), expected)
    assert not merkle.verify_inclusion(index + size, size, LEAVES[index], _raw(path), expected)


@pytest.mark.parametrize(("first", "second", "path"), CONSISTENCY)
def test_consistency_paths_are_the_published_ones(first: int, second: int, path: list[str]) -> None:
    assert merkle.consistency_proof(first, LEAVES[:second]) == _raw(path)
    roots = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    assert merkle.verify_consistency(first, second, *roots, _raw(path))
    assert not merkle.verify_consistency(first, second, roots[0], roots[0][::-1], _raw(path))


_SIZES = st.integers(1, 130)


def _leaves(size: int, mark: bytes = b"") -> list[bytes]:
    return [merkle.hash_leaf(mark + bytes([n % 256, n // 256])) for n in range(size)]


@given(size=_SIZES, data=st.data())
def test_every_leaf_proves_itself_and_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = _leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion_proof(index, leaves), merkle.root(leaves)
    assert merkle.verify_inclusion(index, size, leaves[index], path, root)
    assert len(path) <= (size - 1).bit_length()
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not merkle.verify_inclusion(other, size, leaves[index], path, root)
    for spoiled in _spoiled(path, data):
        assert not merkle.verify_inclusion(index, size, leaves[index], spoiled, root)


@given(second=_SIZES, data=st.data())
def test_a_tree_proves_what_it_grew_from_and_nothing_else(second: int, data: st.DataObject) -> None:
    leaves = _leaves(second)
    first = data.draw(st.integers(1, second))
    old, new = merkle.root(leaves[:first]), merkle.root(leaves)
    path = merkle.consistency_proof(first, leaves)
    assert merkle.verify_consistency(first, second, old, new, path)
    changed = data.draw(st.integers(0, first - 1))
    forged = [*leaves[:changed], merkle.hash_leaf(b"forged"), *leaves[changed + 1 :]]
    other = merkle.root(forged)
    for spoiled in (path, merkle.consistency_proof(first, forged), *_spoiled(path, data)):
        assert not merkle.verify_consistency(first, second, old, other, spoiled)
    for spoiled in _spoiled(path, data):
        assert not merkle.verify_consistency(first, second, old, new, spoiled)


def _spoiled(path: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The path with a step too many, too few, changed, or of another length."""
    spoiled = [[*path, b"\x00" * 32], [b"\x00" * 32, *path]]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        bit = data.draw(st.integers(0, 255))
        step = bytearray(path[at])
        step[bit // 8] ^= 1 << bit % 8
        spoiled += [
            path[:at] + path[at + 1 :],
            [*path[:at], bytes(step), *path[at + 1 :]],
            [*path[:at], path[at][:-1], *path[at + 1 :]],
        ]
    return spoiled


@given(level=st.integers(0, 5), pieces=st.integers(0, 6), rest=st.integers(0, 31))
def test_a_tree_put_together_from_pieces_is_the_same_tree(
    level: int, pieces: int, rest: int
) -> None:
    length = 1 << level
    leaves = _leaves(length * pieces + min(rest, length))
    whole = merkle.Frontier()
    for start in range(0, len(leaves), length):
        piece = merkle.Frontier()
        for leaf in leaves[start : start + length]:
            piece.append(leaf)
        whole.join(piece)
    assert (whole.size, whole.root()) == (len(leaves), merkle.root(leaves))
    assert merkle.Frontier(whole.size, whole.peaks).root() == whole.root()


def test_what_cannot_be_joined_or_proved_is_refused() -> None:
    three, two = merkle.Frontier(), merkle.Frontier()
    for leaf in LEAVES[:3]:
        three.append(leaf)
    for leaf in LEAVES[3:5]:
        two.append(leaf)
    with pytest.raises(ValueError, match="cannot be joined"):
        three.join(two)
    with pytest.raises(ValueError, match="peaks"):
        merkle.Frontier(3, LEAVES[:1])
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(3, LEAVES[:3])
    with pytest.raises(ValueError, match="no tree"):
        merkle.consistency_proof(0, LEAVES[:3])
