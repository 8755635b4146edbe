package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The options of a stream. An absent field is null. */
@Schema(description = "The options of a stream.", additionalProperties = Schema.False.class)
record StreamOptions(
    @Schema(
            description = "Whether one more event, without choices, reports the usage.",
            defaultValue = "false")
        @JsonProperty("include_usage")
        Boolean includeUsage,
    @Schema(
            description =
                "With include_usage: whether each other event reports the usage of its choice so"
                    + " far.",
            defaultValue = "false")
        @JsonProperty("continuous_usage_stats")
        Boolean continuousUsageStats,
    @Schema(description = "The service ignores this field: it never pads events.")
        @JsonProperty("include_obfuscation")
        Boolean includeObfuscation) {}
