"""Strings that programs trip over, written for these tests: scripts, directions, paths, numbers, quotes."""

NASTY: tuple[str, ...] = (
    "", " ", "\x09", "null", "undefined", "None", "nil", "true", "NaN", "-0", "1e309", "0x10",
    "1/0", "٣", "½", "'", "\"", "''", "`", "\\", "\\\\", "%", "%%", "%s%n", "%00", "${7*7}",
    "{{7*7}}", "{0.__class__}", "#{x}", "'; DROP TABLE image; --", "' OR ''='", "\" OR 1=1 /*",
    "_%_", "*", "NEAR(a b)", "a AND", "^a", "a:b", "(", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "</textarea><svg/onload=alert(1)>", "<!--", "]]>",
    "javascript:alert(1)", "&lt;b&gt;", "&#x41;", "\u2028\u2029", "a\x0d\x0aSet-Cookie: a=b",
    "a\x0ab", "\x1b[2J", "\x07", "\x00", "a\x00b", "\x7f", "\x85", "\ufeff", "\ufffe", "\uffff",
    "\ue000", "\U000e0001", "\U0010ffff", "\u202egnp.exe", "\u2066a\u2069", "\u200b", "\xad",
    "a\u0300\u0301\u0302" * 20, "Ṱ̺̺̕o͞ ̷i̲̬͇̪n", "ﬀ", "ß", "İ", "ı", "ǅ", "ſ", "é", "é", "가",
    "가", "등대 그림", "漢字", "ネコ", "שלום", "مرحبا", "नमस्ते", "ไทย", "🏳️\u200d🌈",
    "👩\u200d👩\u200d👧\u200d👦", "🇰🇷", "1️⃣", "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd",
    "C:\\con\\con", "\\\\host\\share", "file:///etc/passwd", "CON", "NUL.png", "aux", ".", "..",
    "...", "~", "-rf", "--help", "a b", " a ", "a.", ".htaccess", "desktop.ini", "$(touch x)",
    "`touch x`", "; touch x", "| cat", "${jndi:ldap://x/a}", "() { :;}; echo", "__proto__",
    "constructor", "__class__", "id", "status", "is:favorite", "tag:x", "-x", "OR", "\"open",
    "rating:>=4", "x" * 100, "가" * 100, "🎨" * 100,
)  # fmt: skip
