"""Reads an exported file with somebody else's reader and prints what it found as JSON: read.py FORMAT FILE."""

import csv
import hashlib
import html
import json
import re
import subprocess
import sys
import uuid


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
    found = []
    with open(path, newline="", encoding="utf-8") as file:
        for line in file.read().split("\n")[:-1]:
            start, end, text = line.split("\t")
            float(start), float(end)
            found.append([start, end, text])
    return found


def read_reaper(path):
    word = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|(\S+))(?=\s|$)""")
    depth, found = 0, {"markers": [], "regions": [], "tempo": None}
    open_regions = {}
    with open(path, newline="", encoding="utf-8") as file:
        for line in file.read().split("\n")[:-1]:
            line = line.strip()
            if line.startswith("<"):
                depth += 1
                continue
            if line == ">":
                depth -= 1
                continue
            words, rest = [], line
            while rest:
                match = word.match(rest)
                words.append(next(group for group in match.groups() if group is not None))
                rest = rest[match.end():]
            if words[0] == "TEMPO":
                found["tempo"] = words[1:]
            if words[0] != "MARKER":
                continue
            number, place, name, is_region = words[1:5]
            float(place)
            if is_region == "0":
                found["markers"].append([place, name])
            elif number in open_regions:
                found["regions"].append([*open_regions.pop(number), place])
            else:
                open_regions[number] = [name, place]
    assert depth == 0 and not open_regions
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
