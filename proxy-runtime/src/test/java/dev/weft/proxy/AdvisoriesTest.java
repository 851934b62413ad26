package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `advisories.md` tells which advisories of others the cases of `smuggling/` and `answers/` are
/// drawn from. What it names is there, and the cases name nothing that it has not.
class AdvisoriesTest {
    private static final List<String> FOLDERS = List.of("smuggling", "answers");
    private static final Path TESTS = Path.of("src/test/java");
    private static final Pattern ADVISORY = Pattern.compile("CVE-\\d{4}-\\d+");
    private static final Pattern CASE = Pattern.compile("[a-z]+/[a-z0-9-]+");
    private static final Pattern METHOD = Pattern.compile("([A-Z]\\w+)\\.(\\w+)");
    private static final Pattern REASON = Pattern.compile("(does not apply|open): .+");
    private static final int COLUMNS = 4;

    /// @param covers cases (`folder/name`) and tests (`Class.method`), or a reason for there being
    ///   none
    record Row(String advisory, List<String> covers) {}

    private final List<Row> rows = rows();

    @Test
    void an_advisory_has_one_row_which_says_what_covers_it_or_why_nothing_has_to() {
        assertThat(rows).extracting(Row::advisory).doesNotHaveDuplicates();
        assertThat(rows)
                .allSatisfy(row -> {
                    assertThat(row.advisory()).matches(ADVISORY);
                    assertThat(row.covers())
                            .as(row.advisory())
                            .isNotEmpty()
                            .allMatch(each ->
                                    REASON.matcher(each).matches()
                                            || CASE.matcher(each).matches()
                                            || METHOD.matcher(each).matches());
                });
    }

    @Test
    void every_case_that_is_named_is_there() {
        var there =
                FOLDERS.stream()
                        .flatMap(folder ->
                                RawCase.of(folder).stream().map(each -> folder + "/" + each.name()))
                        .collect(Collectors.toSet());

        assertThat(covers(CASE)).isNotEmpty().isSubsetOf(there);
    }

    @Test
    void every_test_that_is_named_is_there() throws IOException {
        for (var test : covers(METHOD)) {
            var parts = METHOD.matcher(test);
            assertThat(parts.matches()).isTrue();
            assertThat(source(parts.group(1))).as(test).contains(" " + parts.group(2) + "(");
        }
    }

    @Test
    void every_advisory_that_a_case_names_has_a_row_that_names_the_case() {
        for (var folder : FOLDERS) {
            for (var each : RawCase.of(folder)) {
                var named = advisories(each.said("after"));
                assertThat(coveredBy(folder + "/" + each.name()))
                        .as(each.toString())
                        .containsAll(named);
            }
        }
    }

    private static Set<String> advisories(String text) {
        return ADVISORY.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
    }

    private Set<String> coveredBy(String name) {
        return rows.stream()
                .filter(row -> row.covers().contains(name))
                .map(Row::advisory)
                .collect(Collectors.toSet());
    }

    private Set<String> covers(Pattern kind) {
        return rows.stream()
                .flatMap(row -> row.covers().stream())
                .filter(each -> kind.matcher(each).matches())
                .collect(Collectors.toSet());
    }

    private static String source(String name) throws IOException {
        try (var files = Files.walk(TESTS)) {
            var found = files.filter(each -> each.endsWith(name + ".java")).findFirst();
            assertThat(found).as(name).isPresent();
            return Files.readString(found.orElseThrow());
        }
    }

    private static List<Row> rows() {
        try (var in = AdvisoriesTest.class.getResourceAsStream("/advisories.md")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith("| CVE-"))
                    .map(AdvisoriesTest::row)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Row row(String line) {
        var cells = line.substring(2, line.length() - 2).split(" \\| ");
        assertThat(cells).as(line).hasSize(COLUMNS);
        var covers = cells[COLUMNS - 1];
        return new Row(
                cells[0],
                REASON.matcher(covers).matches()
                        ? List.of(covers)
                        : Stream.of(covers.split(", ")).toList());
    }
}
