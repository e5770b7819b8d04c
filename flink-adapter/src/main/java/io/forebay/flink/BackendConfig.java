package io.forebay.flink;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.annotation.Nullable;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/**
 * The options of a backend, after they have been checked. Immutable.
 *
 * @param fixedMemoryPerSlot null when not set
 * @param memtableBytes null when not set
 * @param valueFileThreshold bytes from which on a value is written to a value file; 0 for never
 * @param directories empty for the TaskManager's temporary directory
 */
record BackendConfig(
        boolean incremental,
        boolean useManagedMemory,
        @Nullable MemorySize fixedMemoryPerSlot,
        MemorySize memoryPerBackend,
        @Nullable MemorySize memtableBytes,
        int valueFileThreshold,
        List<File> directories,
        TimerService timerService,
        int timerCacheRows,
        int transferThreads,
        int backgroundThreads,
        int maxOpenFiles,
        boolean mapFiles,
        String typeIdentifier) {
    private static final List<ConfigOption<?>> ALL = List.of(
            CheckpointingOptions.INCREMENTAL_CHECKPOINTS,
            ForebayOptions.USE_MANAGED_MEMORY,
            ForebayOptions.FIXED_MEMORY_PER_SLOT,
            ForebayOptions.MEMORY_PER_BACKEND,
            ForebayOptions.MEMTABLE_SIZE,
            ForebayOptions.VALUE_FILE_THRESHOLD,
            ForebayOptions.LOCAL_DIRECTORIES,
            ForebayOptions.TIMER_SERVICE_FACTORY,
            ForebayOptions.TIMER_SERVICE_CACHE_SIZE,
            ForebayOptions.CHECKPOINT_TRANSFER_THREAD_NUM,
            ForebayOptions.BACKGROUND_THREAD_NUM,
            ForebayOptions.MAX_OPEN_FILES,
            ForebayOptions.MAP_FILES,
            ForebayOptions.TYPE_IDENTIFIER);

    private static final long MAX_VALUE_FILE_THRESHOLD = 1 << 20;

    /** Spreads the backends of a TaskManager over its directories. */
    private static final AtomicInteger NEXT_DIRECTORY = new AtomicInteger();

    /** @throws IllegalConfigurationException that names the option and its allowed values */
    static BackendConfig of(ReadableConfig config) {
        return new BackendConfig(
                config.get(CheckpointingOptions.INCREMENTAL_CHECKPOINTS),
                config.get(ForebayOptions.USE_MANAGED_MEMORY),
                config.getOptional(ForebayOptions.FIXED_MEMORY_PER_SLOT).orElse(null),
                config.get(ForebayOptions.MEMORY_PER_BACKEND),
                config.getOptional(ForebayOptions.MEMTABLE_SIZE).orElse(null),
                (int) Math.min(
                        MAX_VALUE_FILE_THRESHOLD,
                        config.get(ForebayOptions.VALUE_FILE_THRESHOLD).getBytes()),
                directories(config.getOptional(ForebayOptions.LOCAL_DIRECTORIES).orElse("")),
                config.get(ForebayOptions.TIMER_SERVICE_FACTORY),
                inRange(config, ForebayOptions.TIMER_SERVICE_CACHE_SIZE, 1, 1 << 20),
                inRange(config, ForebayOptions.CHECKPOINT_TRANSFER_THREAD_NUM, 1, 1024),
                inRange(config, ForebayOptions.BACKGROUND_THREAD_NUM, 1, 64),
                inRange(config, ForebayOptions.MAX_OPEN_FILES, 16, 1_000_000),
                config.get(ForebayOptions.MAP_FILES),
                config.get(ForebayOptions.TYPE_IDENTIFIER));
    }

    static void copyMissing(ReadableConfig from, Configuration to) {
        for (ConfigOption<?> option : ALL) {
            copyMissing(from, to, option);
        }
    }

    private static <T> void copyMissing(ReadableConfig from, Configuration to, ConfigOption<T> option) {
        if (!to.contains(option)) {
            from.getOptional(option).ifPresent(value -> to.set(option, value));
        }
    }

    /**
     * Chooses the working directory of one backend; the directory does not exist yet. Of several configured directories,
     * each call takes the next one that exists or can be created.
     */
    File workingDirectory(File temporaryDirectory, String name) throws IOException {
        if (directories.isEmpty()) {
            return new File(temporaryDirectory, name);
        }
        IOException failure = null;
        int first = NEXT_DIRECTORY.getAndIncrement();
        for (int i = 0; i < directories.size(); i++) {
            File directory = directories.get(Math.floorMod(first + i, directories.size()));
            if (directory.isDirectory() || directory.mkdirs() || directory.isDirectory()) {
                return new File(directory, name);
            }
            failure = new IOException(
                    "The directory " + directory + " of '" + ForebayOptions.LOCAL_DIRECTORIES.key()
                            + "' does not exist and cannot be created",
                    failure);
        }
        throw failure;
    }

    private static List<File> directories(String value) {
        List<File> directories = new ArrayList<>();
        for (String part : value.split(",|" + File.pathSeparator)) {
            if (part.isBlank()) {
                continue;
            }
            File directory = new File(part.trim());
            if (!directory.isAbsolute()) {
                throw new IllegalConfigurationException(
                        "'" + ForebayOptions.LOCAL_DIRECTORIES.key() + "' must be absolute paths, but holds " + part);
            }
            directories.add(directory);
        }
        return directories;
    }

    private static int inRange(ReadableConfig config, ConfigOption<Integer> option, int min, int max) {
        int value = config.get(option);
        if (value < min || value > max) {
            throw new IllegalConfigurationException(
                    "'" + option.key() + "' is " + value + ", must be " + min + " to " + max);
        }
        return value;
    }
}
