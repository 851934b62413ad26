package dev.weft.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// `docs/reference/fields.md` is what the rules say. `-Dweft.fields=write` writes it; look at the
/// difference before it is committed.
class FieldsPageTest {
    private static final Path PAGE = Path.of("../docs/reference/fields.md");

    @Test
    void the_page_says_what_the_rules_say() throws Exception {
        var page = page();
        if ("write".equals(System.getProperty("weft.fields"))) {
            Files.writeString(PAGE, page);
        }

        assertThat(PAGE).hasContent(page);
    }

    @Test
    void every_name_in_the_rules_is_a_field_of_its_message() throws Exception {
        var wrong = new TreeSet<String>();
        for (var rules : FieldRules.all().entrySet()) {
            var named = new TreeSet<>(rules.getValue().honoured());
            named.addAll(rules.getValue().refused());
            named.removeAll(fields(rules.getKey()));
            named.forEach(name -> wrong.add(rules.getKey() + '.' + name));
            var both = new TreeSet<>(rules.getValue().honoured());
            both.retainAll(rules.getValue().refused());
            assertThat(both).as(rules.getKey()).isEmpty();
        }
        assertThat(wrong).isEmpty();
    }

    private static String page() throws ReflectiveOperationException {
        var page = new StringBuilder();
        page.append(
                """
                # Fields of Envoy's API

                Written from the rules by which the proxy judges what xDS servers send (`config/FieldRules`).

                - **Honoured**: does what Envoy's documentation says, but for what `docs/traffic.md` says otherwise.
                - **Refused**: changes security or routing and is not there: a resource that sets it is NACKed, by name.
                - **Ignored**: has no effect, is counted, and listed on the admin port (`ignored_fields` in `/config`).

                What an ignored field holds is ignored with it. What is not here is Google's (durations, structs), a map or another API's, and judged by what reads it.
                `FieldsReadTest` holds this page against the proxy's bytecode: what is called honoured is read.
                """);
        for (var rules : FieldRules.all().entrySet()) {
            var ignored = fields(rules.getKey());
            ignored.removeAll(rules.getValue().honoured());
            ignored.removeAll(rules.getValue().refused());
            page.append("\n## `").append(rules.getKey()).append("`\n");
            line(page, "Honoured", rules.getValue().honoured());
            line(page, "Refused", rules.getValue().refused());
            line(page, "Ignored", ignored);
        }
        return page.toString();
    }

    private static void line(StringBuilder page, String what, Collection<String> names) {
        if (!names.isEmpty()) {
            var list =
                    new TreeSet<>(names)
                            .stream()
                                    .map(name -> '`' + name + '`')
                                    .collect(Collectors.joining(", "));
            page.append('\n').append(what).append(": ").append(list).append(".\n");
        }
    }

    private static TreeSet<String> fields(String type) throws ReflectiveOperationException {
        return MessageTypes.of(type).getFields().stream()
                .map(FieldDescriptor::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
