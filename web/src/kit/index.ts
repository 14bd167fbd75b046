// The design system: tokens.css says how things look, these say how they behave. Pages are made of these.
import "./tokens.css";
import "./base.css";
import "./kit.css";

export { Button, IconButton, type ButtonProps } from "./Button";
export { Card, Chip } from "./Chip";
export { Combobox } from "./Combobox";
export { Dialog } from "./Dialog";
export { Empty, Spinner, toast, Toasts } from "./Feedback";
export { Check, Field, Select, SelectField, Slider, TextArea, TextField } from "./Field";
export { Icon, type IconName } from "./Icon";
export { Menu, type MenuItem } from "./Menu";
export { keep, kept } from "./storage";
export { Table, type Column } from "./Table";
export { Tabs, type Tab } from "./Tabs";
export { applyTheme, setTheme, theme, type Theme } from "./theme";
