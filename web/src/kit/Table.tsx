import type { ComponentChildren } from "preact";

export interface Column<R> { key: string; label: string; cell: (row: R, index: number) => ComponentChildren; end?: boolean }

interface TableProps<R> { caption: string; hideCaption?: boolean; columns: readonly Column<R>[]; rows: readonly R[]; keyOf: (row: R, index: number) => string; empty?: ComponentChildren }

/** Rows and columns; on a narrow screen it scrolls by itself, reachable by keyboard. The first cell names its row. */
export function Table<R>({ caption, hideCaption, columns, rows, keyOf, empty }: TableProps<R>) {
  if (!rows.length && empty) return <>{empty}</>;
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label={caption}>
      <table class="table">
        <caption class={hideCaption ? "sr" : undefined}>{caption}</caption>
        <thead><tr>{columns.map((one) => <th key={one.key} scope="col" class={one.end ? "end" : undefined}>{one.label}</th>)}</tr></thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)}>{columns.map((one) => <td key={one.key} class={one.end ? "end" : undefined}>{one.cell(row, index)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
