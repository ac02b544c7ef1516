"""Months and zones as stamps name them: `journalctl` writes both in the user's language.

Source: %b of glibc's locales as strftime(3) writes it; systemd's logs-show.c (`-o short` and
`-o short-full`); abbreviations of the IANA time zone database.
"""

from typing import Final

MONTH_NAMES: Final = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "janv févr mars avril mai juin juil août sept oct nov déc",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "jan feb mars april mai juni juli aug sep okt nov des",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "led úno bře dub kvě čen čec srp zář říj lis pro",
    "jan febr márc ápr máj jún júl aug szept okt nov dec",
    "ian feb mar apr mai iun iul aug sep oct nov dec",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "січ лют бер кві тра чер лип сер вер жов лис гру",
    "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
    "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
)
# The two digits of each month's name, in small letters and without the dot that some have.
MONTH_NUMBERS: Final = {
    name: f"{number:02}"
    for names in MONTH_NAMES
    for number, name in enumerate(names.split(), start=1)
}
MONTH: Final = f"(?i:{'|'.join(sorted(MONTH_NUMBERS, key=len, reverse=True))})"

# Minutes east of UTC. None: the same letters stand for several zones, so they say nothing.
ZONE_MINUTES: Final = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120,
    "EEST": 180, "MSK": 180, "WIB": 420, "HKT": 480, "JST": 540, "KST": 540, "AEST": 600,
    "AEDT": 660, "NZST": 720, "NZDT": 780, "EST": -300, "EDT": -240, "CDT": -300, "MDT": -360,
    "MST": -420, "PDT": -420, "PST": -480, "CST": None, "IST": None, "BST": None,
}  # fmt: skip
ZONE: Final = "|".join(sorted(ZONE_MINUTES, key=len, reverse=True))
