package dev.weft.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/// Raw bytes and what must become of them: one file of `smuggling/` or `answers/`. First what it
/// says, a line each, then sections of bytes.
///
/// ```
/// what: what is wrong, or could be
/// after: the advisories that it comes from, if it does (`advisories.md` has them all)
/// expect: what must happen, see the test that runs it
/// sends:
/// the bytes, with escapes \r \n \t \0 \\ \x7f; ends of lines in the file do not count
/// ```
record RawCase(String name, Map<String, String> says, Map<String, String> sections) {
    private static final Set<String> SECTIONS = Set.of("sends:", "answers:", "reaches:");
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
    private static final String SUFFIX = ".txt";

    /// All cases of a folder, by name.
    static List<RawCase> of(String folder) {
        try (var files = Files.list(folder(folder))) {
            return files.sorted().map(RawCase::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Empty: the case does not say it.
    String said(String key) {
        return says.getOrDefault(key, "");
    }

    /// The bytes of a section, one a character; empty: the case has none.
    String bytes(String section) {
        return sections.getOrDefault(section + ":", "");
    }

    /// Of all answers that came on a connection, with a blank between them.
    static String statuses(String answers) {
        return String.join(
                " ", STATUS.matcher(answers).results().map(found -> found.group(1)).toList());
    }

    @Override
    public String toString() {
        return name + ": " + said("what");
    }

    private static Path folder(String name) {
        var found = Objects.requireNonNull(RawCase.class.getResource("/" + name), name);
        try {
            return Path.of(found.toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static RawCase read(Path file) {
        var says = new HashMap<String, String>();
        var sections = new HashMap<String, String>();
        var section = "";
        for (var line : lines(file)) {
            if (SECTIONS.contains(line)) {
                section = line;
            } else if (section.isEmpty()) {
                var colon = line.indexOf(": ");
                says.put(line.substring(0, colon), line.substring(colon + 2));
            } else {
                sections.merge(section, unescaped(line), String::concat);
            }
        }
        var name = file.getFileName().toString().replace(SUFFIX, "");
        return new RawCase(name, Map.copyOf(says), Map.copyOf(sections));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String unescaped(String line) {
        var result = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            var c = line.charAt(i);
            if (c != '\\') {
                result.append(c);
                continue;
            }
            i++;
            switch (line.charAt(i)) {
                case 'r' -> result.append('\r');
                case 'n' -> result.append('\n');
                case 't' -> result.append('\t');
                case '0' -> result.append('\0');
                case '\\' -> result.append('\\');
                case 'x' -> {
                    result.append((char) Integer.parseInt(line.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> throw new IllegalArgumentException(line);
            }
        }
        return result.toString();
    }
}
