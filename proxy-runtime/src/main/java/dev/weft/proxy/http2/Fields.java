package dev.weft.proxy.http2;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The fields of one message in the order in which they came, names in lower case. A message has
/// about ten: looking at each is cheaper than a table. Not checked: who adds knows what it adds.
public final class Fields extends HttpHeaders {
    private static final int USUAL = 12;

    private AsciiString[] names;
    private CharSequence[] values;
    private int size;

    public Fields() {
        names = new AsciiString[USUAL];
        values = new CharSequence[USUAL];
    }

    private Fields(Fields from) {
        var length = Math.max(USUAL, from.size + 2);
        names = Arrays.copyOf(from.names, length);
        values = Arrays.copyOf(from.values, length);
        size = from.size;
    }

    AsciiString name(int index) {
        return names[index];
    }

    CharSequence value(int index) {
        return values[index];
    }

    /// @param name in lower case
    void append(AsciiString name, CharSequence value) {
        if (size == names.length) {
            names = Arrays.copyOf(names, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        names[size] = name;
        values[size++] = value;
    }

    /// @return where it is from `from` on, or -1
    int indexOf(CharSequence name, int from) {
        var length = name.length();
        for (int i = from; i < size; i++) {
            var each = names[i];
            if (each == name || (each.length() == length && each.contentEqualsIgnoreCase(name))) {
                return i;
            }
        }
        return -1;
    }

    private void removeFrom(CharSequence name, int from) {
        var kept = indexOf(name, from);
        if (kept < 0) {
            return;
        }
        for (int i = kept + 1; i < size; i++) {
            if (!names[i].contentEqualsIgnoreCase(name)) {
                names[kept] = names[i];
                values[kept++] = values[i];
            }
        }
        Arrays.fill(names, kept, size, null);
        Arrays.fill(values, kept, size, null);
        size = kept;
    }

    private static AsciiString lower(CharSequence name) {
        return AsciiString.of(name).toLowerCase();
    }

    private static CharSequence text(Object value) {
        return value instanceof CharSequence text ? text : value.toString();
    }

    @Override
    public @Nullable String get(CharSequence name) {
        var at = indexOf(name, 0);
        return at < 0 ? null : values[at].toString();
    }

    @Override
    public @Nullable String get(String name) {
        return get((CharSequence) name);
    }

    @Override
    public @Nullable Integer getInt(CharSequence name) {
        var text = get(name);
        try {
            return text == null ? null : Integer.valueOf(text.strip());
        } catch (NumberFormatException notANumber) {
            return null;
        }
    }

    @Override
    public int getInt(CharSequence name, int defaultValue) {
        var value = getInt(name);
        return value == null ? defaultValue : value;
    }

    @Override
    public @Nullable Short getShort(CharSequence name) {
        var value = getInt(name);
        return value == null || value.shortValue() != value ? null : value.shortValue();
    }

    @Override
    public short getShort(CharSequence name, short defaultValue) {
        var value = getShort(name);
        return value == null ? defaultValue : value;
    }

    @Override
    public @Nullable Long getTimeMillis(CharSequence name) {
        throw new UnsupportedOperationException("dates are not read");
    }

    @Override
    public long getTimeMillis(CharSequence name, long defaultValue) {
        throw new UnsupportedOperationException("dates are not read");
    }

    @Override
    public List<String> getAll(CharSequence name) {
        var at = indexOf(name, 0);
        if (at < 0) {
            return List.of();
        }
        var all = new ArrayList<String>(2);
        for (; at >= 0; at = indexOf(name, at + 1)) {
            all.add(values[at].toString());
        }
        return all;
    }

    @Override
    public List<String> getAll(String name) {
        return getAll((CharSequence) name);
    }

    @Override
    public Iterator<String> valueStringIterator(CharSequence name) {
        return getAll(name).iterator();
    }

    @Override
    public Iterator<? extends CharSequence> valueCharSequenceIterator(CharSequence name) {
        return getAll(name).iterator();
    }

    @Override
    public List<Map.Entry<String, String>> entries() {
        var all = new ArrayList<Map.Entry<String, String>>(size);
        iterator().forEachRemaining(all::add);
        return all;
    }

    @Override
    public boolean contains(CharSequence name) {
        return indexOf(name, 0) >= 0;
    }

    @Override
    public boolean contains(String name) {
        return indexOf(name, 0) >= 0;
    }

    @Override
    public boolean contains(CharSequence name, CharSequence value, boolean ignoreCase) {
        for (var at = indexOf(name, 0); at >= 0; at = indexOf(name, at + 1)) {
            if (ignoreCase
                    ? AsciiString.contentEqualsIgnoreCase(values[at], value)
                    : AsciiString.contentEquals(values[at], value)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean contains(String name, String value, boolean ignoreCase) {
        return contains((CharSequence) name, value, ignoreCase);
    }

    @Override
    public boolean containsValue(CharSequence name, CharSequence value, boolean ignoreCase) {
        return contains(name) && super.containsValue(name, value, ignoreCase);
    }

    @Override
    public Iterator<Map.Entry<String, String>> iterator() {
        return new Walk<>() {
            @Override
            Map.Entry<String, String> entry(int index) {
                return new SimpleImmutableEntry<>(
                        names[index].toString(), values[index].toString());
            }
        };
    }

    @Override
    public Iterator<Map.Entry<CharSequence, CharSequence>> iteratorCharSequence() {
        return new Walk<>() {
            @Override
            Map.Entry<CharSequence, CharSequence> entry(int index) {
                return new SimpleImmutableEntry<>(names[index], values[index]);
            }
        };
    }

    @Override
    public boolean isEmpty() {
        return size == 0;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Set<String> names() {
        var all = new LinkedHashSet<String>();
        for (int i = 0; i < size; i++) {
            all.add(names[i].toString());
        }
        return all;
    }

    @Override
    public Fields add(CharSequence name, Object value) {
        append(lower(name), text(value));
        return this;
    }

    @Override
    public Fields add(String name, Object value) {
        return add((CharSequence) name, value);
    }

    @Override
    public Fields add(CharSequence name, Iterable<?> all) {
        all.forEach(value -> add(name, value));
        return this;
    }

    @Override
    public Fields add(String name, Iterable<?> all) {
        return add((CharSequence) name, all);
    }

    @Override
    public Fields addInt(CharSequence name, int value) {
        return add(name, Integer.toString(value));
    }

    @Override
    public Fields addShort(CharSequence name, short value) {
        return addInt(name, value);
    }

    @Override
    public Fields set(CharSequence name, Object value) {
        var at = indexOf(name, 0);
        if (at < 0) {
            return add(name, value);
        }
        values[at] = text(value);
        removeFrom(name, at + 1);
        return this;
    }

    @Override
    public Fields set(String name, Object value) {
        return set((CharSequence) name, value);
    }

    @Override
    public Fields set(CharSequence name, Iterable<?> all) {
        return remove(name).add(name, all);
    }

    @Override
    public Fields set(String name, Iterable<?> all) {
        return set((CharSequence) name, all);
    }

    @Override
    public Fields setInt(CharSequence name, int value) {
        return set(name, Integer.toString(value));
    }

    @Override
    public Fields setShort(CharSequence name, short value) {
        return setInt(name, value);
    }

    @Override
    public Fields remove(CharSequence name) {
        removeFrom(name, 0);
        return this;
    }

    @Override
    public Fields remove(String name) {
        return remove((CharSequence) name);
    }

    @Override
    public Fields clear() {
        Arrays.fill(names, 0, size, null);
        Arrays.fill(values, 0, size, null);
        size = 0;
        return this;
    }

    @Override
    public Fields copy() {
        return new Fields(this);
    }

    private abstract class Walk<T> implements Iterator<T> {
        private int next;

        abstract T entry(int index);

        @Override
        public boolean hasNext() {
            return next < size;
        }

        @Override
        public T next() {
            if (next >= size) {
                throw new NoSuchElementException();
            }
            return entry(next++);
        }
    }
}
