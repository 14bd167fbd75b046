export { Client, isAbort, pictureOf, Problem, rootOfPage, type Asked, type Method, type Reply, type Schemas } from "./client";
