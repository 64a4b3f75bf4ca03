"""The web page: people in chats side by side, on this machine only.

The page's wire, all JSON in UTF-8, texts only, never markup:

    GET  /                          the page; /page/NAME are its parts
    GET  /api/world?lang=en         who can be played, commands, the page's words, what time it is, what tools there are
    GET  /api/chat?who=ana&before=N&limit=M      somebody's chat, oldest first, and whether there is more
    GET  /api/timeline?before=N&limit=M          what came when to whom, in a line each
    GET  /api/events?after=N&who=ana,lee         server-sent events: entries as they are kept; whole for these people
                                                 (`*` for all), in a line for the others
    POST /api/act                   something somebody does: {"id": "x1", "who": "ana"} and one of "say": "/find rust",
                                    "press": "accept:7", "run": 3 with "values": {…}, "edit": "new words",
                                    "delete": true; with "message", "reply_to", "files" where it has them. Answered
                                    when all that comes of it is kept: {"saved": true, "last": N}. The same id again
                                    has no second effect.
    GET  /api/options?who=ana&source=topics&typed=pyt        [[value, label], …]
    POST /api/files?name=cv.pdf&mime=application/pdf         takes a file: {"id", "name", "mime", "size"}
    GET  /api/file?n=N              the file of a message

An entry of the transcript is {"n": 12, "at": "2026-03-02T08:00:00+00:00", "kind": …, "who": "ana", …}:

    said     what somebody did: "id", "event" as it was posted, "label" as one reads it
    answer   a message for the one who acted, "of" their event; "edits": n stands in the place of entry n
    push     a message unprompted, with its "once"
    edited   new words in the place of entry "edits"
    time     the clock was moved to "at"
    done     all answers to the event "of" are here

"message" is as `encoding` writes it. What the demo adds (clock, looks of other platforms, reasons, reset) are routes of
`bot/stage/playground.py`, below /api/demo/; `world` names those that there are as `tools`.
"""
