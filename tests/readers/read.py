"""Reads an exported file with somebody else's reader and prints what it found as JSON: read.py FORMAT FILE."""

import csv
import hashlib
import html
import json
import subprocess
import sys
import uuid
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "packages"))


def read_csv(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, strict=True))


def read_midi(path):
    import mido

    file = mido.MidiFile(path, charset="utf8")
    found = {"type": file.type, "ppq": file.ticks_per_beat, "tracks": len(file.tracks), "markers": []}
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                found["tempo_us"] = message.tempo
            elif message.type == "time_signature":
                found["metre"] = [message.numerator, message.denominator]
            elif message.type == "marker":
                found["markers"].append([tick, message.text])
    # Played, mido follows the tempo map.
    found["seconds"], now = [], 0.0
    for message in file:
        now += message.time
        if message.type == "marker":
            found["seconds"].append([now, message.text])
    return found


def read_vtt(path):
    import webvtt

    captions = [[c.start, c.end, html.unescape(c.text)] for c in webvtt.read(path).captions]
    command = ["ffprobe", "-v", "error", "-show_packets", "-of", "json", path]
    packets = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packets"]
    return {"captions": captions, "packets": [[p["pts_time"], p["duration_time"]] for p in packets]}


def read_audacity(path):
    with open(path, newline="", encoding="utf-8") as file:
        found = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n", strict=True))
    for start, end, _ in found:
        float(start), float(end)
    return found


def read_reaper(path):
    import rpp

    with open(path, encoding="utf-8") as file:
        project = rpp.load(file)
    found = {"markers": [], "regions": [], "tempo": project.find("TEMPO")[1:]}
    open_regions = {}
    for _, number, place, name, is_region, *_ in project.findall("MARKER"):
        if is_region == "0":
            found["markers"].append([place, name])
        elif number in open_regions:
            found["regions"].append([*open_regions.pop(number), place])
        else:
            open_regions[number] = [name, place]
    assert not open_regions
    return found


def read_md(path):
    """The headings, and the text of each list's items; a line break is one."""
    from markdown_it import MarkdownIt

    with open(path, encoding="utf-8") as file:
        tokens = MarkdownIt("commonmark").enable("table").parse(file.read())
    found, items = {"headings": [], "items": [], "kinds": sorted({token.type for token in tokens})}, 0
    for before, token in zip(tokens, tokens[1:]):
        items += (before.type == "list_item_open") - (before.type == "list_item_close")
        if token.type != "inline":
            continue
        breaks = ("softbreak", "hardbreak")
        text = "".join("\n" if child.type in breaks else child.content for child in token.children)
        found["kinds"] += sorted({child.type for child in token.children} - set(found["kinds"]))
        if before.type == "heading_open":
            found["headings"].append(text)
        elif items:
            found["items"].append(text)
    return found


def read_json(path):
    """The chain is worked out from the bytes of the lines; that each is an event is what json says of it."""
    with open(path, "rb") as file:
        data = file.read()
    bundle = json.loads(data)
    lines = data.split(b'"events":[\n', 1)[1].rsplit(b"\n]}\n", 1)[0].split(b",\n")
    assert [json.loads(line) for line in lines] == bundle["events"]
    chain = hashlib.sha256(uuid.UUID(bundle["log"]).bytes).digest()
    for line in lines:
        chain = hashlib.sha256(chain + line).digest()
    return {"hash": chain.hex(), "told": bundle["hash"], "seq": bundle["seq"], "title": bundle["state"]["title"]}


print(json.dumps(globals()["read_" + sys.argv[1]](sys.argv[2])))
