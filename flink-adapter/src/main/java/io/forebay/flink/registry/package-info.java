/**
 * Which states a backend has, and the id of each in the rows. States enter when a job registers them or a restore finds
 * them, with what each part of the checkpoint tells of their serializers until the job gives its own; the ids leave in the
 * payload of every checkpoint. Task thread only. Invariant: ids are unique, and the same in
 * all subtasks.
 */
package io.forebay.flink.registry;
