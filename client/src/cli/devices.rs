use super::Failure;
use crate::device::{DeviceInfo, list_devices};
use serde_json::{Value, json};

/// Lists what can be captured from and played to. Opens each device for a moment.
pub(super) fn list(as_json: bool) -> Result<(), Failure> {
    let devices = list_devices();
    if as_json {
        let devices: Vec<Value> = devices.iter().map(object).collect();
        println!("{}", json!({ "devices": devices }));
        return Ok(());
    }
    if devices.is_empty() {
        println!("no sound devices; --input takes file:PATH, music or tone, --output takes file:PATH or null");
    }
    devices.iter().for_each(|device| println!("{}", line(device)));
    Ok(())
}

fn object(device: &DeviceInfo) -> Value {
    let side = |channels: u16, default: bool| match channels {
        0 => Value::Null,
        _ => json!({ "channels": channels, "default": default }),
    };
    json!({
        "host": device.host,
        "name": device.name,
        "rates": device.rates,
        "input": side(device.inputs, device.default_input),
        "output": side(device.outputs, device.default_output),
    })
}

fn line(device: &DeviceInfo) -> String {
    let side = |name: &str, channels: u16, default: bool| match (channels, default) {
        (0, _) => String::new(),
        (_, false) => format!("  {channels} {name}"),
        (_, true) => format!("  {channels} {name} (default)"),
    };
    let sides = [side("in", device.inputs, device.default_input), side("out", device.outputs, device.default_output)];
    let rates: Vec<String> = device.rates.iter().map(|rate| format!("{:.1}", f64::from(*rate) / 1e3)).collect();
    format!("{:6} {:40}{}  {} kHz", device.host, device.name, sides.concat(), rates.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_without_channels_is_null() {
        let device = DeviceInfo { name: "Mic".into(), inputs: 1, default_input: true, ..DeviceInfo::default() };
        let object = object(&device);
        assert_eq!(object["input"], json!({"channels": 1, "default": true}));
        assert_eq!(object["output"], Value::Null);
    }
}
