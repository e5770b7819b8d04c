/**
 * Which states a backend has, and the id of each in the rows. States enter when a job registers them or a restore finds
 * them; the ids leave in the payload of every checkpoint. Task thread only. Invariant: ids are unique, and the same in
 * all subtasks.
 */
package io.forebay.flink.registry;
