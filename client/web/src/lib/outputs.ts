/** The outputs that one can choose from, and how to get at them where the browser keeps their names to itself. */

export interface Output {
  id: string;
  label: string;
}

/** Firefox has a list of its own: https://w3c.github.io/mediacapture-output/#mediadevices-extensions */
type Devices = MediaDevices & { selectAudioOutput?: () => Promise<MediaDeviceInfo> };

/** Whether this browser can play through another output than the system's. */
export const canChoose = (): boolean => "setSinkId" in HTMLMediaElement.prototype && navigator.mediaDevices !== undefined;

/** Whether the browser has a list of its own. */
export const hasOwnList = (): boolean => canChoose() && (navigator.mediaDevices as Devices).selectAudioOutput !== undefined;

/** The outputs that the browser names: to pages that may use a microphone, and those that were chosen from its own list. */
export async function namedOutputs(): Promise<Output[]> {
  if (!canChoose()) return [];
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const outputs = devices.filter(({ kind, label }) => kind === "audiooutput" && label !== "");
  return outputs.map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/**
 * Has the browser name them: by its own list, where the answer is what was chosen, none when nothing was; otherwise by
 * asking for a microphone, which is closed at once. Rejects when that is refused.
 */
export async function askForOutputs(): Promise<string | undefined> {
  const devices: Devices = navigator.mediaDevices;
  if (devices.selectAudioOutput) {
    return devices.selectAudioOutput().then(({ deviceId }) => deviceId, () => undefined);
  }
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await devices.getUserMedia({ audio: plain });
  stream.getTracks().forEach((track) => track.stop());
  return undefined;
}
