import { expect, test } from "vitest";
import { loadSeat, readAddress, saveSeat } from "./seat";

const ID = "018f4d3e-0000-7000-8000-000000000001";
const SECRET = "AAAAAAAAAAAAAAAAAAAA-_";

test("a_whole_link_gives_its_invitation", () => {
  expect(readAddress(`/i/${ID}`, `#${SECRET}`)).toEqual({ id: ID, secret: SECRET });
});

test("a_link_whose_secret_was_hidden_before_gives_its_id_alone", () => {
  expect(readAddress(`/i/${ID}`, "")).toEqual({ id: ID });
});

test("a_cut_off_link_gives_nothing", () => {
  expect(readAddress(`/i/${ID.slice(1)}`, `#${SECRET}`)).toBeUndefined();
  expect(readAddress(`/i/${ID}`, `#${SECRET.slice(1)}`)).toBeUndefined();
  expect(readAddress("/", "")).toBeUndefined();
});

test("a_seat_comes_back_only_for_its_own_invitation", () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  expect(loadSeat(store, ID)).toBeUndefined();
  const seat = { invitation: { id: ID, secret: SECRET }, name: "Paul", peer: 3 };
  saveSeat(store, seat);
  expect(loadSeat(store, ID)).toEqual(seat);
  expect(loadSeat(store, "another")).toBeUndefined();
});
