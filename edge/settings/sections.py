"""What a person may set: one TOML file, validated, frozen. Every default is here and only here."""

from __future__ import annotations

from typing import Annotated, Literal

from edge.settings.secret import SecretText, SourceAddress
from edge.system.record import Meta, Record


class CameraSettings(Record):
    """How frames are taken. Sizes in pixels; a camera gives the nearest that it can."""

    source: SourceAddress = SourceAddress("auto")
    width: Annotated[int, Meta(ge=64, le=4096)] = 640
    height: Annotated[int, Meta(ge=64, le=4096)] = 480
    fps: Annotated[float, Meta(gt=0, le=240)] = 30
    pixel_format: Literal["RGB888", "BGR888", "XRGB8888", "YUV420", "NV12"] = "RGB888"
    """picamera2's name; libcamera's RGB888 is B, G, R in memory: OpenCV's order."""
    rotate: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which every picture is turned: a camera on a wall or a ceiling."""
    usb_format: Literal["auto", "MJPG", "YUYV", "UYVY", "NV12", "GREY"] = "auto"
    """What a USB camera is asked for; auto: its own, or MJPG where that is faster."""
    ca_file: str = ""
    """PEM, for https and rtsps: the camera's own certificate, or who signed it; "": the system's
    signers."""
    snapshot_interval_s: Annotated[float, Meta(ge=0.05, le=3600)] = 1.0
    """An address that gives a single picture is asked for the next one this often."""
    max_megapixels: Annotated[float, Meta(gt=0, le=1000)] = 100.0
    """A picture that claims more is left out: a small file may unpack to gigabytes."""
    open_timeout_s: Annotated[float, Meta(gt=0, le=120)] = 30.0
    """For a camera's answer, its first picture included: slow streams give it after 20 s."""
    read_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """For each further picture, at most; less where the camera is known to be quick."""
    retries: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 5
    """How often a live source that died is opened again before the run ends."""
    retry_delay_s: Annotated[float, Meta(gt=0, le=60)] = 0.5
    """The first wait; each further one is twice as long, up to 30 s."""


class MicSettings(Record):
    """How sound is taken. Every source of it delivers 16 kHz, mono."""

    source: str = "none"
    """none, default, a microphone's name or a part of it, a file, or synthetic."""
    device_rate_hz: Annotated[int, Meta(ge=0, le=192_000)] = 0
    """What the device is asked for; 0: 16 kHz, and its own rate where it cannot."""
    channel: Annotated[int, Meta(ge=0, le=64)] = 0
    """Of a microphone array: the channel to take, from 1; 0: all of them mixed."""
    block_s: Annotated[float, Meta(ge=0.005, le=0.5)] = 0.032
    """The device delivers this much at a time."""
    buffer_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    """So much may wait to be taken before the oldest is dropped."""
    open_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    read_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 1.5
    retries: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 5
    """How often a microphone that died is opened again before the run ends."""
    retry_delay_s: Annotated[float, Meta(gt=0, le=60)] = 0.5
    """The first wait; each further one is twice as long, up to 30 s."""
    gate_db: Annotated[float, Meta(ge=0, le=60)] = 6.0
    """A voice is this much louder than the room."""
    voice_detector: Literal["auto", "silero", "energy"] = "auto"
    """What tells a voice from other sound: silero's network, or loudness alone."""
    step_s: Annotated[float, Meta(ge=0.01, le=10)] = 0.5
    """A window of sound is classified this often."""


class DetectionSettings(Record):
    """The face search; docs/guides/search.md has what each setting costs and is worth."""

    detector: str = "haar"
    """haar, lbp, yunet, or none: every picture is one face, cut out already."""
    model: str = ""
    """The detector's own file: needed by lbp and yunet, another cascade for haar."""
    min_face_px: Annotated[int, Meta(ge=24, le=4096)] = 48
    """The smallest face searched for; the cost falls with its square."""
    scale_factor: Annotated[float, Meta(gt=1.0, le=2.0)] = 1.15
    min_neighbors: Annotated[int, Meta(ge=1, le=1000)] = 5
    tracked: bool = True
    """Search around known faces; the rest of the picture only as often as the next ones say."""
    verify_interval_s: Annotated[float, Meta(ge=0, le=0.5)] = 0.2
    """A known face is searched for this often, and in between followed by its looks."""
    full_search_interval_s: Annotated[float, Meta(ge=0, le=60)] = 0.5
    """Where something changed, new faces are searched for at least this often."""
    still_interval_s: Annotated[float, Meta(ge=0, le=600)] = 2.0
    """And the whole picture this often, whether or not anything changed."""
    tilt_interval_s: Annotated[float, Meta(ge=0, le=600)] = 2.0
    """The whole picture is searched this often for tilted heads, one side after the other; 0:
    never, nor in single pictures."""
    motion_gate: bool = True
    """Off: the whole picture every `full_search_interval_s`."""
    budget_share: Annotated[float, Meta(gt=0, le=1)] = 0.3
    """The share of a live source's time that the search may take; new faces wait for it."""
    budget_ms: Annotated[float, Meta(ge=0, le=60_000)] = 0
    """The milliseconds of a live source's frame that it may take instead; 0: `budget_share`."""


class PreprocessSettings(Record):
    """From a face's box to 48x48. The switches are the papers'; docs/decisions has their worth."""

    margin: Annotated[float, Meta(ge=-0.2, le=0.5)] = 0.0
    """Added on every side, as a share of the box."""
    align: bool = False
    """Turn the face so that its eyes are level (OpenCV's eye cascade)."""
    gamma: Annotated[float, Meta(gt=0.1, le=5)] = 1.0
    equalise: bool = False
    smooth: bool = False
    """Gaussian, 3x3."""
    stretch: bool = True
    """Spread a face in little light over the whole scale, as it was done in training."""


class SmoothingSettings(Record):
    time_constant_s: Annotated[float, Meta(ge=0, le=60)] = 0.5
    hysteresis: Annotated[float, Meta(ge=0, lt=1)] = 0.10
    """By how much another label's score must lead before the label changes."""
    floor: Literal["auto"] | Annotated[float, Meta(ge=0, lt=1)] = "auto"
    """Below this confidence the label is "unknown"; auto: the model's own, from its card."""
    event_interval_s: Annotated[float, Meta(gt=0)] = 1.0
    """A face whose label stays is logged again this often."""
    denoise: bool = True
    """Average a face's pictures over time while they are noisy."""


class ModelSettings(Record):
    name: str = "edge_net"
    """A shipped model's name, or the path of a .tflite with its card beside it."""
    threads: Annotated[int, Meta(ge=1, le=16)] = 1
    interval_s: Annotated[float, Meta(ge=0, le=5)] = 0.3
    """A face that is followed and steady is classified this often; 0: in every frame."""
    engine: Literal["auto", "litert", "tflite-runtime"] = "auto"
    speech: str = "audio_crnn"
    """As `name`, for the voice; used where there is a microphone."""
    fusion: str = "fusion"
    """As `name`, for both together; "none" keeps them apart."""
    labels: tuple[str, ...] = ()
    """What the outputs of a file without a card are, in their order; with the next three."""
    scaling: str = ""
    """0-1, -1-1, 0-255, imagenet, or MEAN/DEVIATION in bytes; "" reads it from the file."""
    colour: Literal["", "gray", "rgb", "bgr"] = ""
    """What its three channels hold; "": rgb."""
    output: Literal["", "probabilities", "logits"] = ""
    """"" tells it by test runs."""


class LogSettings(Record):
    path: str = ""
    """"" is the user's state folder; "none" keeps no log."""
    mode: Literal["card", "ram"] = "card"
    """card: events go to `path`; ram: they stay in memory, and only counts go to `path`."""
    commit_interval_s: Annotated[float, Meta(gt=0, le=3600)] = 300.0
    """How long what is new waits in memory: a power cut takes it, a killed process does not."""
    retention_days: Annotated[float, Meta(ge=0.001, le=3650)] = 30.0
    """What is older is deleted."""
    max_size_mb: Annotated[float, Meta(ge=1, le=100_000)] = 200.0
    """Beyond this the oldest is deleted."""
    ram_mb: Annotated[float, Meta(ge=1, le=10_000)] = 20.0
    """In mode ram: so much of the events is kept, the newest."""


class PrivacySettings(Record):
    """What of a person is kept; docs/guides/privacy.md."""

    mode: Literal["events", "counts"] = "events"
    """counts: only how often each label was seen in an interval; no event, and no track."""
    count_interval_s: Annotated[int, Meta(ge=60, le=3600)] = 60
    """The interval that counts are added up over."""


class ForecastSettings(Record):
    """What may follow an event's state, as a field of it; docs/guides/log.md."""

    enabled: bool = False
    """Learned from the log as the run begins; left out where it does not beat staying there."""
    horizon_s: Annotated[float, Meta(ge=0.5, le=60)] = 5.0
    """How long after the event."""


class ServiceSettings(Record):
    """How a run that nobody watches behaves."""

    supervise: Literal["auto", "always", "never"] = "auto"
    """Wait for devices that are not there, revive sources for ever; auto: under systemd."""
    stall_s: Annotated[float, Meta(ge=1, le=600)] = 20.0
    """A source that gives nothing for this long has stalled, and is restarted."""
    retry_delay_s: Annotated[float, Meta(gt=0, le=60)] = 1.0
    """The first wait before that; each further one is twice as long, up to 30 s."""


class StatusSettings(Record):
    """The page at http://127.0.0.1:8787/ that says how the run is."""

    enabled: bool = False
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    """Where it listens. Beyond loopback it wants a token, and is not encrypted."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8787
    """0: a free one, which is said."""
    token: SecretText = SecretText("")
    """At least 16 characters; a reader gives it as ?token=, or as "Authorization: Bearer"."""
    names: tuple[str, ...] = ()
    """Other names that this device may be asked for by, beside its addresses: "kiosk.local"."""
    preview: bool = False
    """Show the camera's live picture there, with boxes; nothing is stored. Not in counts mode."""
    preview_fps: Annotated[float, Meta(ge=0.1, le=5)] = 2.0
    language: str = "auto"
    """Of /mirror, the page for people in front: en, de, fr, a .toml like theirs; auto: as asked."""
    contact: Annotated[str, Meta(max_length=200)] = ""
    """Whom they may ask, said on /mirror."""

    def __post_init__(self) -> None:
        token = self.token.get_secret_value()
        if token and len(token) < 16:
            raise ValueError("status.token is too short: give 16 characters or more")
        if self.enabled and not token and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(
                f"a status page on {self.host} is open to others: give it a status.token too"
            )


class AlertSettings(Record):
    """A POST of JSON to a web address when something needs a person. Off while there is none."""

    url: SecretText = SecretText("")
    """http or https; who has it may post there, so it is a secret. Better: EDGE_ALERTS_URL."""
    source_gone_min: Annotated[float, Meta(ge=0.1, le=1440)] = 5.0
    disk_free_mb: Annotated[float, Meta(ge=0, le=1_000_000_000)] = 200.0
    weekly: bool = False
    """On Mondays the sums of the week before."""

    def __post_init__(self) -> None:
        url = self.url.get_secret_value()
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("alerts.url is no web address: give one that begins with https://")

    @property
    def tells_week(self) -> bool:
        return self.weekly and bool(self.url.get_secret_value())


class MqttSettings(Record):
    """Events to a broker. Off while there is no host; needs the extra: emotion-edge[mqtt]."""

    host: Annotated[str, Meta(pattern=r"^[^/@\s]*\Z")] = ""
    """A name or an address alone; user and password have settings of their own."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: 1883, or 8883 with TLS."""
    user: str = ""
    password: SecretText = SecretText("")
    """Better given by the environment: EDGE_MQTT_PASSWORD."""
    tls: bool = False
    ca_file: str = ""
    """Certificates to trust; "" trusts the system's."""
    cert_file: str = ""
    """This device's own certificate, where the broker asks for one; with its `key_file`."""
    key_file: str = ""
    topic: Annotated[str, Meta(pattern=r"^[^#+\x00/][^#+\x00]*\Z", max_length=200)] = "emotion-edge"
    """Topics are TOPIC/DEVICE/event, …/status and …/state."""
    device: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]*\Z", max_length=64)] = ""
    """This device's name among others; "" is the host's."""
    discovery: bool = True
    """Tell Home Assistant what there is."""
    discovery_prefix: Annotated[str, Meta(pattern=r"^[^#+\x00/]+\Z", max_length=64)] = (
        "homeassistant"
    )
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] = 30
    batch: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Events that may be under way at once; brokers allow 10 to 65535 (mosquitto: 20)."""


class Settings(Record):
    camera: CameraSettings = CameraSettings()
    mic: MicSettings = MicSettings()
    detection: DetectionSettings = DetectionSettings()
    preprocess: PreprocessSettings = PreprocessSettings()
    smoothing: SmoothingSettings = SmoothingSettings()
    model: ModelSettings = ModelSettings()
    log: LogSettings = LogSettings()
    privacy: PrivacySettings = PrivacySettings()
    forecast: ForecastSettings = ForecastSettings()
    service: ServiceSettings = ServiceSettings()
    status: StatusSettings = StatusSettings()
    mqtt: MqttSettings = MqttSettings()
    alerts: AlertSettings = AlertSettings()
