"""Edges where a timezone matters: clocks that jump, midnights that are skipped or come twice."""

from __future__ import annotations

from tests.properties.time_edges import Edge

_KATHMANDU = "Asia/Kathmandu"
_BERLIN = "Europe/Berlin"
_NEW_YORK = "America/New_York"
_LORD_HOWE = "Australia/Lord_Howe"
_SAO_PAULO = "America/Sao_Paulo"
_HAVANA = "America/Havana"
_CAIRO = "Africa/Cairo"
_BEIRUT = "Asia/Beirut"
_APIA = "Pacific/Apia"

OFFSETS: tuple[Edge, ...] = (
    Edge(_KATHMANDU, "2024-03-15T00:00:00Z", "equals", "today", "2024-03-14T18:15:00Z", "-xx"),
    Edge(_KATHMANDU, "2024-03-15T00:00:00Z", "equals", "today", "2024-03-15T18:15:00Z", "x--"),
    Edge(_KATHMANDU, "2024-03-14T18:14:59.999Z", "equals", "today", "2024-03-14T18:15:00Z", "x--"),
    Edge(_KATHMANDU, "2024-03-14T18:15:00Z", "equals", "today", "2024-03-14T18:15:00Z", "-xx"),
    Edge(
        _KATHMANDU,
        "2024-03-15T00:00:00Z",
        "equals",
        "2024-03-15T10:00",
        "2024-03-15T04:15:00Z",
        "-x-",
    ),
    Edge(_KATHMANDU, "2024-03-30T18:15:00Z", "within_last", "1M", "2024-02-28T18:15:00Z", "--x"),
    Edge(_KATHMANDU, "2024-03-15T00:00:00Z", "within_next", "1d", "2024-03-14T18:15:00Z", "-xx"),
)

JUMPS: tuple[Edge, ...] = (
    # Berlin, 31 March 2024, 02:00 -> 03:00: a day of 23 hours.
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "equals", "today", "2024-03-30T23:00:00Z", "-xx"),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "equals", "today", "2024-03-31T22:00:00Z", "x--"),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "within_last", "1d", "2024-03-30T10:00:00Z", "--x"),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "more_than_ago", "24h", "2024-03-30T10:00:00Z", "xx-"),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "equals", "today-1d", "2024-03-29T23:00:00Z", "-xx"),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "within_last", "1M", "2024-02-29T11:00:00Z", "--x"),
    Edge(
        _BERLIN, "2024-03-31T10:00:00Z", "equals", "2024-03-31T02:30", "2024-03-31T01:30:00Z", "-x-"
    ),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "within_next", "1M", "2024-04-30T10:00:00Z", "xx-"),
    Edge(_BERLIN, "2024-01-31T01:30:00Z", "within_next", "2M", "2024-03-31T01:30:00Z", "xx-"),
    Edge(_BERLIN, "2024-03-31T10:00:00Z", "equals", "today+3h", "2024-03-31T02:00:00Z", "-x-"),
    # Berlin, 27 October 2024, 03:00 -> 02:00: a day of 25 hours.
    Edge(_BERLIN, "2024-10-27T11:00:00Z", "equals", "today", "2024-10-26T22:00:00Z", "-xx"),
    Edge(_BERLIN, "2024-10-27T11:00:00Z", "equals", "today", "2024-10-27T23:00:00Z", "x--"),
    Edge(
        _BERLIN, "2024-10-27T11:00:00Z", "equals", "2024-10-27T02:30", "2024-10-27T00:30:00Z", "-x-"
    ),
    Edge(_BERLIN, "2024-09-27T00:30:00Z", "within_next", "1M", "2024-10-27T00:30:00Z", "xx-"),
    Edge(_BERLIN, "2024-10-27T11:00:00Z", "equals", "today+3h", "2024-10-27T01:00:00Z", "-x-"),
    Edge(_BERLIN, "2024-10-27T11:00:00Z", "equals", "today+1d", "2024-10-28T23:00:00Z", "x--"),
    Edge(_BERLIN, "2024-10-27T11:00:00Z", "within_last", "7d", "2024-10-20T11:00:00Z", "--x"),
    # New York, 10 March 2024, 02:00 -> 03:00, and 3 November 2024, 02:00 -> 01:00.
    Edge(_NEW_YORK, "2024-03-10T16:00:00Z", "equals", "today", "2024-03-10T05:00:00Z", "-xx"),
    Edge(_NEW_YORK, "2024-03-10T16:00:00Z", "equals", "today", "2024-03-11T04:00:00Z", "x--"),
    Edge(
        _NEW_YORK,
        "2024-03-10T16:00:00Z",
        "equals",
        "2024-03-10T02:30",
        "2024-03-10T07:30:00Z",
        "-x-",
    ),
    Edge(_NEW_YORK, "2024-03-10T16:00:00Z", "within_last", "1d", "2024-03-09T16:00:00Z", "--x"),
    Edge(_NEW_YORK, "2024-03-10T16:00:00Z", "within_last", "1M", "2024-02-10T17:00:00Z", "--x"),
    Edge(_NEW_YORK, "2024-11-03T17:00:00Z", "equals", "today", "2024-11-03T04:00:00Z", "-xx"),
    Edge(_NEW_YORK, "2024-11-03T17:00:00Z", "equals", "today", "2024-11-04T05:00:00Z", "x--"),
    Edge(
        _NEW_YORK,
        "2024-11-03T17:00:00Z",
        "equals",
        "2024-11-03T01:30",
        "2024-11-03T05:30:00Z",
        "-x-",
    ),
    Edge(_NEW_YORK, "2024-11-03T17:00:00Z", "more_than_ago", "1M", "2024-10-03T16:00:00Z", "xx-"),
    # Lord Howe moves by half an hour: 7 April 2024 back, 6 October 2024 forward.
    Edge(_LORD_HOWE, "2024-04-07T01:30:00Z", "equals", "today", "2024-04-06T13:00:00Z", "-xx"),
    Edge(_LORD_HOWE, "2024-04-07T01:30:00Z", "equals", "today", "2024-04-07T13:30:00Z", "x--"),
    Edge(
        _LORD_HOWE,
        "2024-04-07T01:30:00Z",
        "equals",
        "2024-04-07T01:45",
        "2024-04-06T14:45:00Z",
        "-x-",
    ),
    Edge(_LORD_HOWE, "2024-10-06T01:00:00Z", "equals", "today", "2024-10-05T13:30:00Z", "-xx"),
    Edge(_LORD_HOWE, "2024-10-06T01:00:00Z", "equals", "today", "2024-10-06T13:00:00Z", "x--"),
    Edge(
        _LORD_HOWE,
        "2024-10-06T01:00:00Z",
        "equals",
        "2024-10-06T02:15",
        "2024-10-05T15:45:00Z",
        "-x-",
    ),
)

MIDNIGHTS: tuple[Edge, ...] = (
    # Sao Paulo, 15 October 2017: 00:00 -> 01:00. 18 February 2018: 00:00 -> 23:00 the day before.
    Edge(_SAO_PAULO, "2017-10-15T15:00:00Z", "equals", "today", "2017-10-15T03:00:00Z", "-xx"),
    Edge(_SAO_PAULO, "2017-10-15T15:00:00Z", "equals", "today", "2017-10-16T02:00:00Z", "x--"),
    Edge(_SAO_PAULO, "2017-10-15T15:00:00Z", "equals", "today-1d", "2017-10-15T03:00:00Z", "x--"),
    Edge(_SAO_PAULO, "2017-10-15T15:00:00Z", "within_next", "1d", "2017-10-15T03:00:00Z", "-xx"),
    Edge(
        _SAO_PAULO,
        "2017-10-15T15:00:00Z",
        "equals",
        "2017-10-15T00:00",
        "2017-10-15T03:00:00Z",
        "-x-",
    ),
    Edge(
        _SAO_PAULO,
        "2017-10-15T15:00:00Z",
        "equals",
        "2017-10-15T00:30",
        "2017-10-15T03:30:00Z",
        "-x-",
    ),
    Edge(_SAO_PAULO, "2017-10-15T15:00:00Z", "equals", "today+1h", "2017-10-15T04:00:00Z", "-x-"),
    Edge(_SAO_PAULO, "2017-10-15T02:59:59.999Z", "equals", "today", "2017-10-15T03:00:00Z", "x--"),
    Edge(_SAO_PAULO, "2018-02-17T15:00:00Z", "equals", "today", "2018-02-17T02:00:00Z", "-xx"),
    Edge(_SAO_PAULO, "2018-02-17T15:00:00Z", "equals", "today", "2018-02-18T03:00:00Z", "x--"),
    Edge(_SAO_PAULO, "2018-02-18T02:30:00Z", "equals", "today", "2018-02-17T02:00:00Z", "-xx"),
    Edge(
        _SAO_PAULO,
        "2018-02-17T15:00:00Z",
        "equals",
        "2018-02-17T23:30",
        "2018-02-18T01:30:00Z",
        "-x-",
    ),
    # Havana, 10 March 2024: 00:00 -> 01:00. 3 November 2024: 01:00 -> 00:00, midnight twice.
    Edge(_HAVANA, "2024-03-10T16:00:00Z", "equals", "today", "2024-03-10T05:00:00Z", "-xx"),
    Edge(_HAVANA, "2024-03-10T16:00:00Z", "equals", "today", "2024-03-11T04:00:00Z", "x--"),
    Edge(_HAVANA, "2024-11-03T17:00:00Z", "equals", "today", "2024-11-03T04:00:00Z", "-xx"),
    Edge(_HAVANA, "2024-11-03T17:00:00Z", "equals", "today", "2024-11-04T05:00:00Z", "x--"),
    Edge(_HAVANA, "2024-11-03T17:00:00Z", "equals", "today-1d", "2024-11-03T04:00:00Z", "x--"),
    Edge(
        _HAVANA, "2024-11-03T17:00:00Z", "equals", "2024-11-03T00:00", "2024-11-03T04:00:00Z", "-x-"
    ),
    Edge(
        _HAVANA, "2024-11-03T17:00:00Z", "equals", "2024-11-03T00:30", "2024-11-03T04:30:00Z", "-x-"
    ),
    # Cairo and Beirut skip a midnight in spring, and repeat the hour before one in autumn.
    Edge(_CAIRO, "2024-04-26T09:00:00Z", "equals", "today", "2024-04-25T22:00:00Z", "-xx"),
    Edge(_CAIRO, "2024-04-26T09:00:00Z", "equals", "today", "2024-04-26T21:00:00Z", "x--"),
    Edge(_CAIRO, "2024-10-31T09:00:00Z", "equals", "today", "2024-10-30T21:00:00Z", "-xx"),
    Edge(_CAIRO, "2024-10-31T09:00:00Z", "equals", "today", "2024-10-31T22:00:00Z", "x--"),
    Edge(_BEIRUT, "2024-03-31T09:00:00Z", "equals", "today", "2024-03-30T22:00:00Z", "-xx"),
    Edge(_BEIRUT, "2024-03-31T09:00:00Z", "equals", "today", "2024-03-31T21:00:00Z", "x--"),
    Edge(_BEIRUT, "2024-10-26T09:00:00Z", "equals", "today", "2024-10-26T22:00:00Z", "x--"),
    # Apia went from 29 to 31 December 2011: the 30th never was.
    Edge(_APIA, "2011-12-29T22:00:00Z", "equals", "today", "2011-12-29T10:00:00Z", "-xx"),
    Edge(_APIA, "2011-12-29T22:00:00Z", "equals", "today", "2011-12-30T10:00:00Z", "x--"),
    Edge(_APIA, "2011-12-29T22:00:00Z", "equals", "today+1d", "2011-12-30T10:00:00Z", "---"),
    Edge(_APIA, "2011-12-29T22:00:00Z", "equals", "today+2d", "2011-12-30T10:00:00Z", "-xx"),
    Edge(_APIA, "2011-12-29T22:00:00Z", "equals", "today+2d", "2011-12-31T10:00:00Z", "x--"),
    Edge(
        _APIA, "2011-12-29T22:00:00Z", "equals", "2011-12-30T12:00", "2011-12-30T22:00:00Z", "-x-"
    ),
    Edge(
        _APIA, "2011-12-29T22:00:00Z", "greater_than", "2011-12-30", "2011-12-30T10:00:00Z", "-xx"
    ),
    Edge(
        _APIA, "2011-12-29T22:00:00Z", "less_or_equal", "2011-12-30", "2011-12-30T10:00:00Z", "x--"
    ),
)
