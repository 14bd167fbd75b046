export { Client, isAbort, pictureOf, Problem, rootOfPage, type Asked, type Reply, type Schemas } from "./client";
