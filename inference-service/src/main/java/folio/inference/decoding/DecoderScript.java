package folio.inference.decoding;

import folio.runtime.torchscript.TorchScript;

/** The functions of {@code decoder.torchscript.py}, which are compiled at their first use. */
final class DecoderScript {
  private static final class DecoderHolder {
    static final TorchScript SCRIPT =
        TorchScript.load(DecoderScript.class, "Decoder", "decoder.torchscript.py");
  }

  private DecoderScript() {}

  /** Returns the functions of steps, prompts and states. */
  static TorchScript decoder() {
    return DecoderHolder.SCRIPT;
  }
}
