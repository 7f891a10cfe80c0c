import { expect, test } from "vitest";
import { command, decode, newId } from "./wire";

test("an_id_is_a_uuid_of_version_7_that_carries_its_time", () => {
  const id = newId(0x018f4d3e0102, new Uint8Array(10).fill(0xff));
  expect(id).toBe("018f4d3e-0102-7fff-bfff-ffffffffffff");
  expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId(1) < newId(2)).toBe(true);
});

test("what_cannot_be_read_is_skipped", () => {
  for (const text of ["", "{", "null", "3", "{}", '{"t":4}', new ArrayBuffer(2)]) expect(decode(text)).toBeUndefined();
  expect(decode('{"t":"ping","n":1}')).toEqual({ t: "ping", n: 1 });
});

test("a_command_travels_as_the_design_writes_it", () => {
  const frame = command("018f4d3e-0000-7000-8000-000000000001", { type: "stream.close", data: { stream: "s" } });
  expect(JSON.stringify(frame)).toBe(
    '{"t":"cmd","id":"018f4d3e-0000-7000-8000-000000000001","type":"stream.close","data":{"stream":"s"}}',
  );
});
