// What every page says.
import { texts } from ".";

const en = {
  close: "Close", cancel: "Cancel", save: "Save", again: "Try again",
  unreachable: "the shop cannot be reached", theme: "Light or dark", auto: "As the device", light: "Light", dark: "Dark",
};
const zh: typeof en = {
  close: "关闭", cancel: "取消", save: "保存", again: "重试",
  unreachable: "无法连接商店", theme: "浅色或深色", auto: "跟随设备", light: "浅色", dark: "深色",
};
export const common = texts({ en, zh });
