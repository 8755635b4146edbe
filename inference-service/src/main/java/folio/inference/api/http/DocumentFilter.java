package folio.inference.api.http;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.media.Schema.SchemaType;
import org.eclipse.microprofile.openapi.models.responses.APIResponses;

/** The parts of the OpenAPI document that annotations cannot express, or that SmallRye mistakes. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class DocumentFilter implements OASFilter {
  /** The lists of {@code CompletionLogprobs} whose entry for the first character is null. */
  private static final List<String> LISTS_WITH_NULL = List.of("token_logprobs", "top_logprobs");

  /**
   * Sorts responses by status. Generated clients ask for the first media type that is JSON, which
   * must be that of the answer with 200, not that of a problem.
   */
  @Override
  public Operation filterOperation(Operation operation) {
    APIResponses responses = operation.getResponses();
    responses.setAPIResponses(new TreeMap<>(responses.getAPIResponses()));
    return operation;
  }

  @Override
  public void filterOpenAPI(OpenAPI document) {
    Map<String, Schema> schemas = document.getComponents().getSchemas();
    schemas.values().stream()
        .filter(DocumentFilter::isOfRequest)
        .forEach(DocumentFilter::allowNull);
    for (Schema schema : schemas.values()) {
      if (schema.getProperties() != null) {
        schema.getProperties().values().forEach(DocumentFilter::removeTypeOfChoice);
      }
    }
    Map<String, Schema> logprobs = schemas.get("CompletionLogprobs").getProperties();
    LISTS_WITH_NULL.forEach(name -> logprobs.get(name).getItems().addType(SchemaType.NULL));
  }

  /**
   * Returns whether a schema describes a body, or a part of one: only these forbid other fields.
   */
  private static boolean isOfRequest(Schema schema) {
    Schema others = schema.getAdditionalPropertiesSchema();
    return others != null && Boolean.FALSE.equals(others.getBooleanSchema());
  }

  /** Allows null for each optional field of a request: the service reads it like an absent one. */
  private static void allowNull(Schema request) {
    List<String> required = request.getRequired() == null ? List.of() : request.getRequired();
    Map<String, Schema> fields = new LinkedHashMap<>(request.getProperties());
    fields.replaceAll((name, field) -> required.contains(name) ? field : orNull(field));
    request.setProperties(fields);
  }

  private static Schema orNull(Schema field) {
    Schema none = OASFactory.createSchema().addType(SchemaType.NULL);
    if (field.getRef() != null) {
      return OASFactory.createSchema()
          .description(field.getDescription())
          .addAnyOf(OASFactory.createSchema().ref(field.getRef()))
          .addAnyOf(none);
    }
    if (field.getEnumeration() != null) {
      List<Object> values = new ArrayList<>(field.getEnumeration());
      values.add(null); // a list of legal values excludes null, whatever the type says
      field.setEnumeration(values);
    }
    return field.getOneOf() == null ? field.addType(SchemaType.NULL) : field.addOneOf(none);
  }

  /** Removes the type of a nullable object: SmallRye writes "object", which null is not. */
  private static void removeTypeOfChoice(Schema field) {
    if (field.getAnyOf() != null) {
      field.setType(null);
    }
  }
}
