package folio.inference.api.http;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.std.NumberDeserializers;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.quarkus.jackson.ObjectMapperCustomizer;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.function.LongFunction;

/**
 * The JSON mapper's settings. Unknown fields, duplicate fields and values of another type are
 * errors; nothing is converted or ignored, except that a whole number may be written as 4.0.
 */
@Singleton
public final class StrictJson implements ObjectMapperCustomizer {
  @Override
  public void customize(ObjectMapper mapper) {
    mapper.enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    mapper.disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT);
    mapper.disable(DeserializationFeature.ACCEPT_EMPTY_STRING_AS_NULL_OBJECT);
    mapper.setConfig(
        mapper.getDeserializationConfig().without(MapperFeature.ALLOW_COERCION_OF_SCALARS));
    mapper
        .coercionConfigFor(LogicalType.Textual)
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    mapper.getFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    mapper.registerModule(
        new SimpleModule()
            .addDeserializer(Integer.class, new WholeNumber<>(Integer.class, Math::toIntExact))
            .addDeserializer(Long.class, new WholeNumber<>(Long.class, number -> number)));
  }

  /**
   * A reader of whole numbers. JSON does not distinguish 4 from 4.0, and some clients write the
   * latter.
   */
  private static final class WholeNumber<T extends Number> extends StdScalarDeserializer<T> {
    private static final long serialVersionUID = 1L;

    /** More digits than any number of 64 bits; a huge exponent must not be written out. */
    private static final int MAX_DIGITS = 20;

    private final transient LongFunction<T> narrow;

    WholeNumber(Class<T> type, LongFunction<T> narrow) {
      super(type);
      this.narrow = narrow;
    }

    @Override
    public T deserialize(JsonParser parser, DeserializationContext context) throws IOException {
      if (!parser.currentToken().isNumeric()) {
        JsonDeserializer<?> usual =
            NumberDeserializers.find(handledType(), handledType().getName());
        return handledType().cast(usual.deserialize(parser, context)); // which is an error
      }
      BigDecimal number;
      try {
        number = parser.getDecimalValue();
      } catch (JsonParseException | NumberFormatException e) {
        throw outOfRange(parser); // even the exponent does not fit
      }
      boolean huge = (long) number.precision() - number.scale() > MAX_DIGITS;
      if (!huge && number.stripTrailingZeros().scale() > 0) {
        return handledType()
            .cast(
                context.handleWeirdNumberValue(handledType(), number, "it is not a whole number"));
      }
      try {
        if (!huge) {
          return narrow.apply(number.longValueExact());
        }
      } catch (ArithmeticException e) {
        // It does not fit the type.
      }
      throw outOfRange(parser);
    }

    private InputCoercionException outOfRange(JsonParser parser) throws IOException {
      Class<?> primitive = handledType().equals(Long.class) ? long.class : int.class;
      return new InputCoercionException(
          parser,
          "number of value (" + parser.getText() + ") is out of range",
          parser.currentToken(),
          primitive);
    }

    @SuppressWarnings("unchecked") // StdScalarDeserializer loses the type
    @Override
    public Class<T> handledType() {
      return (Class<T>) super.handledType();
    }
  }
}
