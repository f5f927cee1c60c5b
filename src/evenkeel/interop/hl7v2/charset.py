"""Bytes to text by MSH-18 (HL7 table 0211).

A name in a wrong character set must never cost a reading: where the bytes do not fit the declared
set, the text is still read as long as the delimiters cannot be confused, and the message is marked
doubtful so that no identifier with a damaged character is matched.
"""

from evenkeel.interop.hl7v2.message import MessageError

# HL7 table 0211 "Alternate character sets" -> Python codec, upper case, spaces folded.
_CODECS = {
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))},
    **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))},
    "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
}
# In these a byte that looks like a delimiter can be half of a letter, so a wrong byte could move
# a field: there is no safe way to read on.
_MULTIBYTE = {"gb18030", "big5", "euc_kr"}


def codec_name(declared: str) -> str | None:
    """The Python codec for a declared set; None for none declared or an unknown one."""
    first = declared.split("~", 1)[0]
    return _CODECS.get(" ".join(first.upper().split()))


def decode(raw: bytes, declared: str) -> tuple[str, bool]:
    """Text of ``raw``, and whether it is doubtful.

    Nothing declared: UTF-8, else Latin-1 (every byte has a meaning there, perhaps not the right
    one, hence doubtful).

    Raises :class:`MessageError` ``charset_unknown`` where letters beyond ASCII come in a set not
    known here, ``charset_mismatch`` where they do not fit a set with multi-byte letters.
    """
    if raw.isascii():
        return raw.decode("ascii"), False
    codec = codec_name(declared)
    if codec is None and declared.strip():
        raise MessageError(
            "charset_unknown", "the character set in MSH-18 is not known; use UNICODE UTF-8"
        )
    if codec is None:
        try:
            return raw.decode("utf-8"), False
        except UnicodeDecodeError:
            return raw.decode("latin-1"), True
    try:
        return raw.decode(codec), False
    except UnicodeDecodeError:
        if codec in _MULTIBYTE:
            raise MessageError(
                "charset_mismatch", "the bytes do not fit the character set in MSH-18"
            ) from None
        return raw.decode(codec, "replace"), True
