package folio.inference.decoding;

import folio.runtime.torchscript.TorchScript;

/** The functions in TorchScript beside this, each compiled at its first use. */
final class DecoderScript {
  private static final class DecoderHolder {
    static final TorchScript SCRIPT =
        TorchScript.load(DecoderScript.class, "Decoder", "decoder.py");
  }

  private DecoderScript() {}

  /** Steps and prompts. */
  static TorchScript decoder() {
    return DecoderHolder.SCRIPT;
  }
}
