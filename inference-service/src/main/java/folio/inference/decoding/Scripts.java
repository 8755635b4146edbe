package folio.inference.decoding;

import folio.model.torchscript.TorchScript;

/** The functions in TorchScript beside this, each compiled at its first use. */
final class Scripts {
  private static final class DecoderHolder {
    static final TorchScript SCRIPT = TorchScript.load(Scripts.class, "Decoder", "decoder.py");
  }

  private Scripts() {}

  /** Steps and prompts. */
  static TorchScript decoder() {
    return DecoderHolder.SCRIPT;
  }
}
