/** The generated types, and the few names that the generator folds into larger ones. */
import type { ClientFrame, RelayFrame } from "../protocol.gen";

export type * from "../protocol.gen";

type Omitted<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type Command = Omitted<Extract<ClientFrame, { t: "cmd" }>, "t" | "id">;
export type Recorded = Omitted<Extract<RelayFrame, { t: "ev" }>, "t" | "prev" | "hash">;
export type Clock = Extract<RelayFrame, { t: "eph"; type: "clock" }>["data"];
