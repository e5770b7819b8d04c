package io.forebay.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.streams.state.HeadersBytesStore;
import org.apache.kafka.streams.state.HeadersBytesStoreSupplier;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.StoreSupplier;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedBytesStore;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForebayStoresTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration HOUR = Duration.ofHours(1);

    private static Stream<Method> persistentMethods(Class<?> owner) {
        return Arrays.stream(owner.getMethods())
                .filter(method -> method.getName().startsWith("persistent"));
    }

    @Test
    void hasEveryPersistentMethodOfKafka() throws NoSuchMethodException {
        assertThat(persistentMethods(Stores.class)).hasSizeGreaterThanOrEqualTo(10);
        for (Method kafkas : persistentMethods(Stores.class).toList()) {
            Method ours = ForebayStores.class.getMethod(kafkas.getName(), kafkas.getParameterTypes());
            assertThat(ours.getReturnType()).as("%s", kafkas).isEqualTo(kafkas.getReturnType());
            assertThat(ours.getModifiers()).as("%s", kafkas).isEqualTo(kafkas.getModifiers());
        }
        assertThat(persistentMethods(ForebayStores.class).count())
                .isEqualTo(persistentMethods(Stores.class).count());
    }

    /** Bad arguments get the same exception from both. */
    @Test
    void refusesWhatKafkaRefuses() throws ReflectiveOperationException {
        for (Method kafkas : persistentMethods(Stores.class).toList()) {
            Method ours = ForebayStores.class.getMethod(kafkas.getName(), kafkas.getParameterTypes());
            for (int bad = 0; bad < kafkas.getParameterCount(); bad++) {
                for (Object value : badValues(kafkas.getParameterTypes()[bad])) {
                    Object[] arguments = goodArguments(kafkas);
                    arguments[bad] = value;
                    Throwable expected = failure(kafkas, arguments);
                    Throwable found = failure(ours, arguments);
                    assertThat(found)
                            .as("%s with %s", kafkas.getName(), Arrays.toString(arguments))
                            .isExactlyInstanceOf(expected.getClass())
                            .hasMessage(expected.getMessage());
                }
            }
        }
    }

    private static Object[] goodArguments(Method method) {
        Object[] good = {"name", DAY, HOUR, false};
        return Arrays.copyOf(good, method.getParameterCount());
    }

    private static List<Object> badValues(Class<?> type) {
        if (type == Duration.class) {
            return Arrays.asList(null, Duration.ofMillis(-1), Duration.ofSeconds(Long.MAX_VALUE));
        }
        return type == String.class ? Arrays.asList((Object) null) : List.of();
    }

    private static Throwable failure(Method method, Object[] arguments) throws IllegalAccessException {
        try {
            method.invoke(null, arguments);
        } catch (java.lang.reflect.InvocationTargetException e) {
            return e.getCause();
        }
        throw new AssertionError(method.getName() + Arrays.toString(arguments) + " was accepted");
    }

    @Test
    void aWindowMustFitIntoTheRetention() {
        assertThatThrownBy(() -> ForebayStores.persistentWindowStore("w", HOUR, DAY, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The retention period of the window store w must be no smaller than its window size. "
                        + "Got size=[PT24H], retention=[PT1H]");
    }

    @Test
    void versionedStoresSayThatTheyAreNotThereYet() {
        assertThatThrownBy(() -> ForebayStores.persistentVersionedKeyValueStore("v", DAY))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("versioned")
                .hasMessageContaining("v");
        assertThatThrownBy(() -> ForebayStores.persistentVersionedKeyValueStore("v", DAY, HOUR))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> ForebayStores.persistentVersionedKeyValueStore("v", DAY, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("segmentInterval cannot be zero or negative");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 119_999, 120_000, 120_001, 86_400_000, Long.MAX_VALUE})
    void windowAndSessionSuppliersAreCutLikeKafkas(long retention) {
        Duration retentionPeriod = Duration.ofMillis(retention);
        WindowBytesStoreSupplier kafkas =
                Stores.inMemoryWindowStore("s", retentionPeriod, Duration.ZERO, true); // RocksDB's need its classes
        WindowBytesStoreSupplier ours = ForebayStores.persistentWindowStore("s", retentionPeriod, Duration.ZERO, true);
        assertThat(ours.name()).isEqualTo("s");
        assertThat(ours.retentionPeriod()).isEqualTo(kafkas.retentionPeriod());
        assertThat(ours.windowSize()).isEqualTo(kafkas.windowSize());
        assertThat(ours.retainDuplicates()).isEqualTo(kafkas.retainDuplicates());
        assertThat(ours.segmentIntervalMs()).isEqualTo(Math.max(60_000, retention / 2));
        SessionBytesStoreSupplier sessions = ForebayStores.persistentSessionStore("s", retentionPeriod);
        assertThat(sessions.retentionPeriod()).isEqualTo(retention);
        assertThat(sessions.segmentIntervalMs()).isEqualTo(Math.max(60_000, retention / 2));
    }

    @Test
    void storesCarryTheMarkersByWhichKafkaChoosesTheirValueFormat() {
        mark(ForebayStores.persistentKeyValueStore("s"), false, false);
        mark(ForebayStores.persistentTimestampedKeyValueStore("s"), true, false);
        mark(ForebayStores.persistentTimestampedKeyValueStoreWithHeaders("s"), false, true);
        mark(ForebayStores.persistentWindowStore("s", DAY, HOUR, false), false, false);
        mark(ForebayStores.persistentTimestampedWindowStore("s", DAY, HOUR, false), true, false);
        mark(ForebayStores.persistentTimestampedWindowStoreWithHeaders("s", DAY, HOUR, false), true, true);
        mark(ForebayStores.persistentSessionStore("s", DAY), false, false);
        mark(ForebayStores.persistentSessionStoreWithHeaders("s", DAY), false, true);
    }

    private static void mark(StoreSupplier<?> supplier, boolean timestamped, boolean headers) {
        assertThat(supplier instanceof HeadersBytesStoreSupplier).isEqualTo(headers);
        assertThat(supplier.get() instanceof TimestampedBytesStore).isEqualTo(timestamped);
        assertThat(supplier.get() instanceof HeadersBytesStore).isEqualTo(headers);
        assertThat(supplier.get()).isNotSameAs(supplier.get());
        assertThat(supplier.get().name()).isEqualTo("s");
        assertThat(supplier.metricsScope()).startsWith("forebay");
        assertThat(supplier.toString()).contains("Forebay", "'s'");
    }
}
