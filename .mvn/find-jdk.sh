# Sourced by ./mvnw and ./weft. Bash 3.2 suffices.

# Sets JAVA_HOME to a JDK 25, or stops with one sentence.
is_jdk_25() {
  [ -x "$1/bin/javac" ] && grep -q '^JAVA_VERSION="25[."]' "$1/release" 2>/dev/null
}
find_jdk() {
  local candidate
  for candidate in "${JAVA_HOME:-}" "${JAVA_25_HOME:-}" "${JAVA_HOME_25_X64:-}" /usr/lib/jvm/* /opt/java/* /opt/jdk* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk@25; do
    if [ -n "$candidate" ] && is_jdk_25 "$candidate"; then
      export JAVA_HOME=$candidate
      return 0
    fi
  done
  if command -v javac >/dev/null && candidate=$(cd "$(dirname "$(readlink -f "$(command -v javac)")")/.." && pwd) && is_jdk_25 "$candidate"; then
    export JAVA_HOME=$candidate
    return 0
  fi
  echo "Weft needs a JDK 25 and found none: install one (for example Eclipse Temurin 25), or set JAVA_HOME to it." >&2
  return 1
}

# Stops with one sentence for each thing that this machine lacks for a command: look_first weft|mvnw ARGUMENT...
look_first() {
  "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    "$top/e2e/src/main/java/dev/weft/e2e/cluster/Prerequisites.java" "$top" "$@"
}
