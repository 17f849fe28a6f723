"""What the tests of the model are made of: a record that can be, and any text and JSON."""

from typing import Any

from hypothesis import strategies as st

IMAGE = "0" * 31 + "7"
FACTS: dict[str, Any] = {
    "id": IMAGE,
    "owner": "mina",
    "key": f"users/mina/2026/03/04/{IMAGE}.png",
    "created_at": "2026-03-04T05:06:07.000008Z",
    "sha256": "ab" * 32,
}
"""The fields without which a record is not one."""

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
fields = st.dictionaries(text, plain, max_size=4)
