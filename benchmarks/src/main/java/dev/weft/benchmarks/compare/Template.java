package dev.weft.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Configuration as it is in the tree, with `${name}` where a run has something to say.
final class Template {
    private static final Pattern NAME = Pattern.compile("\\$\\{(\\w+)}");

    private Template() {}

    /// A resource of this program, filled in.
    ///
    /// @throws IllegalArgumentException naming what `values` lacks
    static String load(String resource, Map<String, String> values) {
        try (var in =
                Objects.requireNonNull(Template.class.getResourceAsStream(resource), resource)) {
            return fill(new String(in.readAllBytes(), StandardCharsets.UTF_8), values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String fill(String text, Map<String, String> values) {
        return NAME.matcher(text)
                .replaceAll(match -> {
                    var value = values.get(match.group(1));
                    if (value == null) {
                        throw new IllegalArgumentException(match.group() + " has no value");
                    }
                    return Matcher.quoteReplacement(value);
                });
    }
}
