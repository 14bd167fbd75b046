// What every page of the back office says; what only one page says stands beside it.
import { texts } from "~/i18n";

const en = {
  title: "Back office", key: "Admin key", keyHint: "It stays in this tab until you sign out or close it. Make one: shoplens key create --name office --scope admin --shop FOLDER",
  signIn: "Sign in", signOut: "Sign out", refused: "This key is not an admin key.", toShop: "To the shop", pages: "Pages of the back office", skip: "To the content",
  overview: "Overview", catalogue: "Catalogue", lab: "Search lab", rules: "Rules", queries: "Queries", encoders: "Encoders", keys: "Keys and limits",
  loading: "Loading", failed: "This did not work", more: "Show more", remove: "Remove", edit: "Edit", yes: "Yes", no: "No", none: "none", search: "Search", position: "Position",
  product: "Product", noPage: "There is no such page", picture: "Picture", inStock: "in stock", outOfStock: "out of stock", signedOut: "You were signed out.", optional: "if wanted", filter: "Filter", ids: "Ids of products",
};
const zh: typeof en = {
  title: "后台", key: "管理密钥", keyHint: "只保存在这个标签页，退出或关闭后即删除。创建密钥：shoplens key create --name office --scope admin --shop 文件夹",
  signIn: "登录", signOut: "退出", refused: "这不是管理密钥。", toShop: "前往商店", pages: "后台页面", skip: "跳到内容",
  overview: "概览", catalogue: "商品目录", lab: "搜索实验室", rules: "规则", queries: "搜索词", encoders: "编码器", keys: "密钥与限额",
  loading: "加载中", failed: "操作失败", more: "显示更多", remove: "移除", edit: "编辑", yes: "是", no: "否", none: "无", search: "搜索", position: "位置",
  product: "商品", noPage: "没有这个页面", picture: "图片", inStock: "有货", outOfStock: "缺货", signedOut: "您已退出登录。", optional: "可选", filter: "筛选条件", ids: "商品编号",
};
export const say = texts({ en, zh });
