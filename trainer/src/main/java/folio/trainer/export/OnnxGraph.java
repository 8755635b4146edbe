package folio.trainer.export;

import com.google.protobuf.ByteString;
import folio.protobuf.onnx.AttributeProto;
import folio.protobuf.onnx.AttributeProto.AttributeType;
import folio.protobuf.onnx.GraphProto;
import folio.protobuf.onnx.NodeProto;
import folio.protobuf.onnx.TensorProto;
import folio.protobuf.onnx.TensorProto.DataType;
import folio.protobuf.onnx.TensorShapeProto;
import folio.protobuf.onnx.TypeProto;
import folio.protobuf.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A builder of an ONNX graph: inputs, constants, operators and outputs. */
final class OnnxGraph {
  static final DataType FLOAT = DataType.FLOAT;
  static final DataType INT64 = DataType.INT64;

  private final GraphProto.Builder graph = GraphProto.newBuilder();

  /** An operator whose attributes are being set. */
  record Node(NodeProto.Builder node) {
    Node setInt(String name, long value) {
      node.addAttributeBuilder().setName(name).setType(AttributeType.INT).setI(value);
      return this;
    }

    Node setInts(String name, long... values) {
      AttributeProto.Builder attribute = node.addAttributeBuilder();
      attribute.setName(name).setType(AttributeType.INTS);
      for (long value : values) {
        attribute.addInts(value);
      }
      return this;
    }
  }

  /**
   * Adds an input.
   *
   * @param shape its dimensions: a number, or the name of one that each call chooses
   */
  void input(String name, DataType type, Object... shape) {
    graph.addInput(value(name, type, shape));
  }

  /** Adds an output, which an operator computes under the same name. */
  void output(String name, DataType type, Object... shape) {
    graph.addOutput(value(name, type, shape));
  }

  private static ValueInfoProto value(String name, DataType type, Object... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (Object dimension : shape) {
      if (dimension instanceof Number number) {
        dimensions.addDimBuilder().setDimValue(number.longValue());
      } else {
        dimensions.addDimBuilder().setDimParam(dimension.toString());
      }
    }
    TypeProto.Tensor tensor =
        TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(dimensions).build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  /** Adds a constant of float32, whose values are little-endian and in row-major order. */
  void constant(String name, long[] shape, ByteString values) {
    TensorProto.Builder tensor = graph.addInitializerBuilder();
    tensor.setName(name).setDataType(FLOAT.getNumber()).setRawData(values);
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
  }

  /** Adds a constant vector of int64. */
  void constant(String name, long[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    graph
        .addInitializerBuilder()
        .setName(name)
        .setDataType(INT64.getNumber())
        .addDims(values.length)
        .setRawData(ByteString.copyFrom(bytes));
  }

  /** Adds an operator. */
  Node add(String operator, List<String> inputs, List<String> outputs) {
    NodeProto.Builder node = graph.addNodeBuilder();
    node.setOpType(operator).setName(outputs.get(0)).addAllInput(inputs).addAllOutput(outputs);
    return new Node(node);
  }

  /** Adds an operator with one output and returns that output's name. */
  String add(String operator, String output, String... inputs) {
    add(operator, List.of(inputs), List.of(output));
    return output;
  }

  /** Returns the graph. */
  GraphProto build(String name) {
    return graph.setName(name).build();
  }
}
